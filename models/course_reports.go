package models

import (
	"slices"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// mostExcerpt in characters is what is kept of what a reported part of a course said.
const mostExcerpt = 20_000

// lookAtCourse notes what a course, or a part of one, says, and whose it is, if the viewer may complain of it.
func (r *Report) lookAtCourse(tx *gorm.DB, v Viewer) error {
	from := map[string]string{
		TargetCourse: "CAST(@id AS uuid)", TargetLesson: "SELECT course_id FROM lessons WHERE id = CAST(@id AS uuid)",
		TargetItem: "SELECT course_id FROM items WHERE id = CAST(@id AS uuid)", TargetQuestion: "SELECT course_id FROM items WHERE id = CAST(@id AS uuid)",
	}[r.TargetType]
	var courses []Course
	err := tx.Raw("SELECT c.* FROM courses c WHERE c.id = ("+from+") AND "+courseReportable("c"), map[string]any{"id": r.TargetID, "viewer": v.ID}).Scan(&courses).Error
	if err != nil || len(courses) == 0 {
		return orMissing(err, r.TargetType, r.TargetID)
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

// says is what the target says now.
func (r *Report) says(tx *gorm.DB, c Course) (string, error) {
	switch r.TargetType {
	case TargetCourse:
		return strings.Join([]string{c.Title, c.Summary, c.Description}, "\n\n"), nil
	case TargetLesson:
		var l Lesson
		err := tx.Take(&l, "id = ?", r.TargetID).Error
		return l.Title + "\n\n" + l.Content, err
	}
	var i Item
	if err := tx.Take(&i, "id = ?", r.TargetID).Error; err != nil {
		return "", err
	}
	questions, err := r.questions(i)
	if err != nil || r.TargetType == TargetQuestion {
		return quizText(questions), err
	}
	return strings.Join([]string{i.Title, i.Summary, i.Content, quizText(i.Quiz)}, "\n\n"), nil
}

// questions are those that a report is about: the one it names, or all of a quiz.
func (r *Report) questions(i Item) ([]QuizQuestion, error) {
	at := slices.IndexFunc(i.Quiz, func(q QuizQuestion) bool { return q.ID == r.TargetPart })
	switch {
	case r.TargetType != TargetQuestion:
		return nil, nil
	case len(i.Quiz) == 0:
		return nil, BadField("body", "/target_id", "is an item without questions")
	case r.TargetPart == "":
		return i.Quiz, nil
	case at < 0:
		return nil, BadField("body", "/question_id", "names no question of the quiz")
	}
	return i.Quiz[at : at+1], nil
}

func quizText(quiz []QuizQuestion) string {
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
