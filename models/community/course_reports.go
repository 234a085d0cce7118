package community

import (
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// mostExcerpt is the greatest length of the text kept of a reported part of a course, in characters.
const mostExcerpt = 20_000

// lookAtCourse records the owner and text of a course, or a part of one, if the viewer may report it.
func (r *Report) lookAtCourse(tx *gorm.DB, v moderation.Viewer) error {
	from := map[string]string{
		moderation.TargetCourse: "CAST(@id AS uuid)", moderation.TargetLesson: "SELECT course_id FROM lessons WHERE id = CAST(@id AS uuid)",
		moderation.TargetItem: "SELECT course_id FROM items WHERE id = CAST(@id AS uuid)", moderation.TargetQuestion: "SELECT course_id FROM items WHERE id = CAST(@id AS uuid)",
	}[r.TargetType]
	var courses []courses.Course
	err := tx.Raw("SELECT c.* FROM courses c WHERE c.id = ("+from+") AND "+moderation.CourseReportable("c"), map[string]any{"id": r.TargetID, "viewer": v.ID}).Scan(&courses).Error
	if err != nil || len(courses) == 0 {
		return store.OrMissing(err, r.TargetType, r.TargetID)
	}
	c := courses[0]
	r.AuthorID, r.CourseID = &c.OwnerUserID, &c.ID
	says, err := r.says(tx, c)
	if err != nil {
		return err
	}
	if text := []rune(strings.TrimSpace(says)); len(text) > mostExcerpt {
		says = string(text[:mostExcerpt])
	}
	r.Excerpt = says
	return nil
}

// says returns the current text of the target.
func (r *Report) says(tx *gorm.DB, c courses.Course) (string, error) {
	switch r.TargetType {
	case moderation.TargetCourse:
		return strings.Join([]string{c.Title, c.Summary, c.Description}, "\n\n"), nil
	case moderation.TargetLesson:
		var l courses.Lesson
		err := tx.Take(&l, "id = ?", r.TargetID).Error
		return l.Title + "\n\n" + l.Content, err
	}
	var i courses.Item
	if err := tx.Take(&i, "id = ?", r.TargetID).Error; err != nil {
		return "", err
	}
	questions, err := r.questions(i)
	if err != nil || r.TargetType == moderation.TargetQuestion {
		return quizText(questions), err
	}
	return strings.Join([]string{i.Title, i.Summary, i.Content, quizText(i.Quiz)}, "\n\n"), nil
}

// questions returns the questions that a report is about: the one it names, or all of a quiz.
func (r *Report) questions(i courses.Item) ([]courses.QuizQuestion, error) {
	at := slices.IndexFunc(i.Quiz, func(q courses.QuizQuestion) bool { return q.ID == r.TargetPart })
	switch {
	case r.TargetType != moderation.TargetQuestion:
		return nil, nil
	case len(i.Quiz) == 0:
		return nil, store.BadField("body", "/target_id", "is an item without questions")
	case r.TargetPart == "":
		return i.Quiz, nil
	case at < 0:
		return nil, store.BadField("body", "/question_id", "names no question of the quiz")
	}
	return i.Quiz[at : at+1], nil
}

func quizText(quiz []courses.QuizQuestion) string {
	var b strings.Builder
	for _, q := range quiz {
		b.WriteString(q.Prompt + "\n")
		for n, option := range q.Options {
			b.WriteString(strconv.Itoa(n) + ". " + option + "\n")
		}
		for _, accepted := range q.Accepted {
			b.WriteString("= " + accepted + "\n")
		}
		b.WriteString(q.Explanation + "\n\n")
	}
	return strings.TrimSpace(b.String())
}
