// Command clients is a learner who uses Lyo through the client that oapi-codegen generates into the
// package lyo beside it. A test of the whole system generates, compiles and runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/lyoapp/lyo/tools/clients/lyo"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	if err := learn(ctx, os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("learned")
}

// learn registers, has a course written, reads it, takes a quiz, and posts about it.
func learn(ctx context.Context, server, email string) error {
	stranger, err := lyo.NewClientWithResponses(server)
	if err != nil {
		return err
	}
	registered, err := stranger.RegisterWithResponse(ctx, lyo.SignUpInputBody{Email: email, Password: "correct horse battery", FullName: "Ada Lovelace"})
	if err != nil || registered.JSON201 == nil {
		return unexpected("register", registered, err)
	}
	bearer := func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+registered.JSON201.AccessToken)
		return nil
	}
	client, err := lyo.NewClientWithResponses(server, lyo.WithRequestEditorFn(bearer))
	if err != nil {
		return err
	}
	course, err := generate(ctx, client)
	if err != nil {
		return err
	}
	if err := study(ctx, client, course); err != nil {
		return err
	}
	return share(ctx, client)
}

// generate asks for a course and waits until it is ready.
func generate(ctx context.Context, client *lyo.ClientWithResponses) (*lyo.CourseView, error) {
	topic, level := "How tides work", lyo.GenerateBodyDifficultyLevelBeginner
	accepted, err := client.GenerateCourseWithResponse(ctx, nil, lyo.GenerateBody{Topic: &topic, DifficultyLevel: &level})
	if err != nil || accepted.JSON202 == nil {
		return nil, unexpected("generate", accepted, err)
	}
	wait, since := "25s", int64(0)
	for {
		task, err := client.GetTaskWithResponse(ctx, accepted.JSON202.TaskId, &lyo.GetTaskParams{Wait: &wait, Since: &since})
		if err != nil || task.JSON200 == nil {
			return nil, unexpected("task", task, err)
		}
		since = task.JSON200.Seq
		switch task.JSON200.State {
		case lyo.TaskViewStateDONE:
			course, err := client.GetCourseWithResponse(ctx, *task.JSON200.ResultId, nil)
			if err != nil || course.JSON200 == nil {
				return nil, unexpected("course", course, err)
			}
			return course.JSON200, nil
		case lyo.TaskViewStateERROR:
			return nil, fmt.Errorf("the task failed: %+v", task.JSON200.ErrorDetails)
		}
	}
}

// study completes every lesson and answers the first quiz.
func study(ctx context.Context, client *lyo.ClientWithResponses, course *lyo.CourseView) error {
	if len(course.Lessons) < 3 || course.Status != lyo.CourseViewStatusREADY {
		return fmt.Errorf("%s with %d lessons", course.Status, len(course.Lessons))
	}
	minutes := int64(5)
	for i, lesson := range course.Lessons {
		if lesson.Content == "" {
			return fmt.Errorf("lesson %d has no text", i+1)
		}
		progress, err := client.CompleteLessonWithResponse(ctx, course.Id, lesson.Id, nil, lyo.CompleteBody{Minutes: &minutes})
		if err != nil || progress.JSON200 == nil {
			return unexpected("progress", progress, err)
		}
		if done := len(progress.JSON200.CompletedLessons); done != i+1 {
			return fmt.Errorf("%d lessons completed instead of %d", done, i+1)
		}
	}
	for _, item := range course.Items {
		if item.Questions == nil || len(*item.Questions) == 0 {
			continue
		}
		var value lyo.AnswerValue
		if err := value.FromAnswerValue1(0); err != nil {
			return err
		}
		answers := make([]lyo.AttemptBody_Answers_Item, len(*item.Questions))
		for i, question := range *item.Questions {
			if err := answers[i].FromQuizAnswer(lyo.QuizAnswer{QuestionId: question.Id, Answer: value}); err != nil {
				return err
			}
		}
		graded, err := client.AttemptQuizWithResponse(ctx, course.Id, item.Id, nil, lyo.AttemptBody{Answers: answers})
		if err != nil || graded.JSON200 == nil || len(graded.JSON200.Results) != len(answers) {
			return unexpected("attempt", graded, err)
		}
		return nil
	}
	return errors.New("the course has no quiz")
}

// share posts twice, likes a post, and reads the feed page by page.
func share(ctx context.Context, client *lyo.ClientWithResponses) error {
	var last *lyo.PostView
	for _, title := range []string{"The moon", "The sun"} {
		post, err := client.CreatePostWithResponse(ctx, nil, lyo.NewPostBody{Title: title, Content: "It *pulls* on the sea."})
		if err != nil || post.JSON200 == nil {
			return unexpected("post", post, err)
		}
		last = post.JSON200
	}
	like, err := client.SetLikeOfPostWithResponse(ctx, last.Id)
	if err != nil || like.JSON200 == nil || !like.JSON200.UserLiked || like.JSON200.LikesCount != 1 {
		return unexpected("like", like, err)
	}
	kind, one := lyo.GetFeedParamsFeedTypeRecent, int64(1)
	first, err := client.GetFeedWithResponse(ctx, &lyo.GetFeedParams{FeedType: &kind, Limit: &one})
	if err != nil || first.JSON200 == nil || first.JSON200.NextCursor == nil {
		return unexpected("feed", first, err)
	}
	second, err := client.GetFeedWithResponse(ctx, &lyo.GetFeedParams{FeedType: &kind, Limit: &one, Cursor: first.JSON200.NextCursor})
	if err != nil || second.JSON200 == nil || len(second.JSON200.Items) != 1 || second.JSON200.Items[0].Id == first.JSON200.Items[0].Id {
		return unexpected("next page", second, err)
	}
	return nil
}

// unexpected returns an error for an answer that is not the one that was to come.
func unexpected(step string, answer interface {
	Status() string
	GetBody() []byte
}, err error,
) error {
	if err != nil {
		return fmt.Errorf("%s: %w", step, err)
	}
	return fmt.Errorf("%s: %s: %s", step, answer.Status(), answer.GetBody())
}
