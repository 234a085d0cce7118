package learning

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

type attemptInput struct {
	rest.PathID
	ItemID uuid.UUID `path:"item_id" format:"uuid"`
	Keyed
	Body attemptBody
}

type attemptBody struct {
	Answers []any `json:"answers" maxItems:"100" doc:"For each question an object {\"question_id\", \"answer\"}, or the bare answers in the order of the questions. single_choice: the option's index from 0, or its text. true_false: true or false. multiple_choice: an array of options. short_answer: a text. ordering: an array of all options in the right order. Unanswered questions count as wrong."`
	Happened
}

// Document names the forms of an answer: Huma would refuse what is no answer, which is wrong instead.
func (attemptBody) Document(schema map[string]any) {
	answers, _ := schema["properties"].(map[string]any)["answers"].(map[string]any)
	answers["items"] = map[string]any{"anyOf": []any{
		map[string]any{"$ref": "#/components/schemas/QuizAnswer"}, map[string]any{"$ref": "#/components/schemas/AnswerValue"},
	}}
}

// answerSchemas returns the components that attemptBody refers to.
func answerSchemas() map[string]*huma.Schema {
	kind := func(name string) *huma.Schema { return &huma.Schema{Type: name} }
	return map[string]*huma.Schema{
		"AnswerValue": {Description: "An option or its index, true or false, a text, or a list of options.", AnyOf: []*huma.Schema{
			kind(huma.TypeString), kind(huma.TypeInteger), kind(huma.TypeBoolean),
			{Type: huma.TypeArray, Items: &huma.Schema{AnyOf: []*huma.Schema{kind(huma.TypeString), kind(huma.TypeInteger)}}},
		}},
		"QuizAnswer": {Type: huma.TypeObject, Required: []string{"question_id", "answer"}, Properties: map[string]*huma.Schema{
			"question_id": kind(huma.TypeString), "answer": {Ref: "#/components/schemas/AnswerValue"},
		}},
	}
}

type attemptView struct {
	ID       uuid.UUID      `json:"id" format:"uuid"`
	CourseID uuid.UUID      `json:"course_id" format:"uuid"`
	ItemID   uuid.UUID      `json:"item_id" format:"uuid"`
	Score    float64        `json:"score" minimum:"0" maximum:"1" doc:"The share of right answers."`
	Passed   bool           `json:"passed"`
	Results  []questionView `json:"results" nullable:"false" doc:"In the order of the questions."`
	At       time.Time      `json:"at"`
}

type questionView struct {
	QuestionID  string `json:"question_id"`
	Correct     bool   `json:"correct"`
	Explanation string `json:"explanation" doc:"Empty for a question that was not answered."`
}

type attemptOutput struct{ Body attemptView }

func attemptOperation() huma.Operation {
	return huma.Operation{
		OperationID: "attempt-quiz", Method: http.MethodPost, Path: "/v1/courses/{id}/items/{item_id}/attempts", Tags: []string{TagLearning},
		Summary:     "Submit answers to a quiz",
		Description: "Grades the answers. A quiz can be taken any number of times; passing it for the first time earns points. Attempts are kept unchanged.",
	}
}

func (h *handlers) attemptQuiz(ctx context.Context, in *attemptInput) (*attemptOutput, error) {
	attempt, err := learning.AttemptQuiz(ctx, h.DB, learning.AttemptRequest{
		UserID: rest.PrincipalOf(ctx).UserID, CourseID: in.ID, ItemID: in.ItemID, Answers: in.Body.read,
		At: in.Body.at(h.Now()), Key: in.key("attempt", in.ID, in.ItemID, in.Body.Answers, in.Body.stripped()),
	}, h.Now(), outbox.NewEnqueuer(h.Now))
	if err != nil {
		return nil, err
	}
	v := attemptView{
		ID: attempt.ID, CourseID: attempt.CourseID, ItemID: attempt.ItemID, Score: attempt.Score, Passed: attempt.Passed,
		Results: []questionView{}, At: attempt.At.UTC(),
	}
	if err := json.Unmarshal(attempt.Results, &v.Results); err != nil {
		return nil, err
	}
	return &attemptOutput{v}, nil
}

// read returns the answers by question.
func (b attemptBody) read(quiz []courses.QuizQuestion) (map[string]json.RawMessage, error) {
	answers := make(map[string]json.RawMessage, len(b.Answers))
	for i, given := range b.Answers {
		path := "/answers/" + strconv.Itoa(i)
		question, answer, named := namedAnswer(given)
		if !named {
			if i >= len(quiz) {
				return nil, store.BadField("body", path, fmt.Sprintf("is one answer too many: there are %d questions", len(quiz)))
			}
			question, answer = quiz[i].ID, given
		}
		known := slices.ContainsFunc(quiz, func(q courses.QuizQuestion) bool { return q.ID == question })
		if _, twice := answers[question]; twice || !known {
			return nil, store.BadField("body", path+"/question_id", "names no question of the quiz, or one twice")
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return nil, err
		}
		answers[question] = bytes.TrimSpace(text)
	}
	return answers, nil
}

// namedAnswer reads an object that names its question. Apps use several names for the answer.
func namedAnswer(given any) (question string, answer any, ok bool) {
	object, isObject := given.(map[string]any)
	if !isObject {
		return "", nil, false
	}
	question, _ = object["question_id"].(string)
	for _, name := range []string{"answer", "value", "selected", "selected_option", "answers"} {
		if answer, there := object[name]; there {
			return question, answer, true
		}
	}
	return question, nil, true
}
