package llm

import (
	"fmt"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// view is the data of the templates. Data is made of quoted lines only; the other fields
// are words of ours.
type view struct {
	Language, Level string
	Data            string
	Hours           string
	Problems        []string
	JSON            bool
	Excerpts        bool // the data has some
	Feedback        bool // the data has some
	Count           int  // of questions
}

func levelName(level string) string {
	switch strings.ToLower(strings.TrimSpace(level)) {
	case "intermediate":
		return "intermediate (knows the basics, wants depth and practice)"
	case "advanced":
		return "advanced (experienced, wants precision, limits and trade-offs)"
	default:
		return "beginner (no earlier knowledge, every term explained)"
	}
}

func baseView(b Brief) view {
	v := view{Language: languageName(b.Locale), Level: levelName(b.Level)}
	if b.Hours > 0 {
		v.Hours = fmt.Sprintf("%g", min(b.Hours, 1000))
	}
	return v
}

func outlineView(r OutlineRequest) view {
	v := baseView(r.Brief)
	v.add(briefLines(r.Brief)...)
	v.addFeedback(r.Feedback)
	v.addExcerpts(r.Excerpts)
	return v
}

// add appends quoted lines to the data.
func (v *view) add(quoted ...string) {
	if v.Data != "" {
		v.Data += "\n"
	}
	v.Data += strings.Join(quoted, "\n")
}

// addFeedback quotes the faults of an earlier version: they contain titles, which are third-party text.
func (v *view) addFeedback(feedback []string) {
	for _, f := range lines(feedback)[:min(len(lines(feedback)), maxProblems)] {
		v.Feedback = true
		v.add(quoteLine("Wrong with an earlier version", f, 300))
	}
}

// Bounds of quotations from sources, in characters.
const (
	maxExcerpt  = 1500
	maxExcerpts = 8000
)

// addExcerpts quotes passages. The mark of each is on a line of ours above it, which no
// quoted text can imitate.
func (v *view) addExcerpts(excerpts []Excerpt) {
	for _, e := range shown(excerpts) {
		v.Excerpts = true
		v.add("["+e.Label+"]", quoteLine("From", e.Title, 200), quote(e.Text, maxExcerpt))
	}
}

// shown returns the excerpts that fit into a prompt, as they appear in it.
func shown(excerpts []Excerpt) []Excerpt {
	var kept []Excerpt
	room := maxExcerpts
	for _, e := range excerpts {
		e.Text = head(strings.ToValidUTF8(e.Text, ""), min(maxExcerpt, room))
		if strings.TrimSpace(e.Text) != "" && labelOnly.MatchString(e.Label) {
			room -= len([]rune(e.Text))
			kept = append(kept, e)
		}
	}
	return kept
}

func briefLines(b Brief) []string {
	data := []string{quoteLine("Topic", b.Topic, 200)}
	if texts.CleanLine(b.Description) != "" {
		data = append(data, quoteLine("Description", b.Description, 2000))
	}
	if interests := lines(b.Interests); len(interests) > 0 {
		data = append(data, quoteLine("Interests", strings.Join(interests[:min(len(interests), 12)], ", "), 600))
	}
	if texts.CleanLine(b.Format) != "" {
		data = append(data, quoteLine("Preferred format", b.Format, 60))
	}
	return data
}

func lessonView(r LessonRequest) view {
	v := baseView(r.Brief)
	v.add(briefLines(r.Brief)...)
	v.add(quoteLine("Course", r.CourseTitle, 120))
	for i, title := range r.Titles {
		v.add(quoteLine(fmt.Sprintf("Lesson %d of %d", i+1, len(r.Titles)), title, 120))
	}
	v.add(
		quoteLine("Write lesson number", fmt.Sprint(r.Number), 10),
		quoteLine("Lesson title", r.Plan.Title, 120),
		quoteLine("Lesson summary", r.Plan.Summary, 300),
	)
	for _, o := range lines(r.Plan.Objectives) {
		v.add(quoteLine("Objective", o, 200))
	}
	v.addFeedback(r.Feedback)
	v.addExcerpts(r.Excerpts)
	return v
}

// maxLessonText is how much of a lesson's text a practice is written from, in characters.
const maxLessonText = 12000

// taughtView returns the view of a written lesson.
func taughtView(b Brief, title, text string) view {
	v := baseView(b)
	v.add(quoteLine("Lesson title", title, 120), quote(text, maxLessonText))
	return v
}

func practiceView(r PracticeRequest) view {
	v := taughtView(r.Brief, r.LessonTitle, r.LessonText)
	v.addFeedback(r.Feedback)
	return v
}

func questionsView(r QuestionsRequest) view {
	v := taughtView(r.Brief, r.LessonTitle, r.LessonText)
	v.Count = r.Count
	for _, prompt := range r.Avoid[:min(len(r.Avoid), 2*mostQuestions)] {
		v.add(quoteLine("Asked before", prompt, 300))
	}
	return v
}

func solveView(r SolveRequest) view {
	v := taughtView(r.Brief, r.LessonTitle, r.LessonText)
	v.Count = len(r.Questions)
	for i, q := range r.Questions {
		v.add(quoteLine(fmt.Sprintf("Question %d", i+1), q.Prompt, 300))
		for place := range q.Options {
			v.add(quoteLine(fmt.Sprintf("Question %d, option %d", i+1, place), q.Options[original(i, place, len(q.Options))], 200))
		}
	}
	return v
}

// original returns the index of the option that the i-th question shows at a place. Every
// question is rotated, and neighbours by another number of places.
func original(i, place, options int) int {
	if options < 2 {
		return 0
	}
	return (place + 1 + i%(options-1)) % options
}

func summaryView(r SummaryRequest) view {
	v := baseView(r.Brief)
	v.add(briefLines(r.Brief)...)
	v.add(quoteLine("Course", r.CourseTitle, 120))
	for i, l := range r.Lessons {
		v.add(quoteLine(fmt.Sprintf("Lesson %d", i+1), l.Title, 120), quoteLine("Its summary", l.Summary, 300))
	}
	return v
}
