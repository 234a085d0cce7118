package gemma

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// PromptVersion names the wording of the prompts; it changes whenever they do.
const PromptVersion = "2026-11-1"

//go:embed prompts/*.tmpl
var promptFiles embed.FS

// loadPrompts panics on a broken template: those are part of the program.
func loadPrompts() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").ParseFS(promptFiles, "prompts/*.tmpl"))
}

// view is what the templates see. Data is made of quoted lines only; the other fields
// are words of ours.
type view struct {
	Language, Level string
	Data            string
	Hours           string
	Feedback        []string
	Problems        []string
	JSON            bool
}

// render panics only if a template asks for what view does not have, which tests show.
func (c *Client) render(name string, v view) string {
	var b strings.Builder
	if err := c.prompts.ExecuteTemplate(&b, name+".tmpl", v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func (c *Client) repair(t task, problems []string) string {
	return c.render("repair", view{Problems: problems, JSON: t.form != nil})
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

func briefView(b Brief) view {
	v := baseView(b)
	v.Data = strings.Join(briefLines(b), "\n")
	return v
}

func briefLines(b Brief) []string {
	data := []string{quoteLine("Topic", b.Topic, 200)}
	if line(b.Description) != "" {
		data = append(data, quoteLine("Description", b.Description, 2000))
	}
	if interests := lines(b.Interests); len(interests) > 0 {
		data = append(data, quoteLine("Interests", strings.Join(interests[:min(len(interests), 12)], ", "), 600))
	}
	if line(b.Format) != "" {
		data = append(data, quoteLine("Preferred format", b.Format, 60))
	}
	return data
}

func lessonView(r LessonRequest) view {
	v := baseView(r.Brief)
	data := append(briefLines(r.Brief), quoteLine("Course", r.CourseTitle, 120))
	for i, title := range r.Titles {
		data = append(data, quoteLine(fmt.Sprintf("Lesson %d of %d", i+1, len(r.Titles)), title, 120))
	}
	data = append(data,
		quoteLine("Write lesson number", fmt.Sprint(r.Number), 10),
		quoteLine("Lesson title", r.Plan.Title, 120),
		quoteLine("Lesson summary", r.Plan.Summary, 300),
	)
	for _, o := range lines(r.Plan.Objectives) {
		data = append(data, quoteLine("Objective", o, 200))
	}
	v.Data, v.Feedback = strings.Join(data, "\n"), each(lines(r.Feedback), func(s string) string { return head(s, 300) })
	return v
}

// maxLessonText is how much of a lesson's text a practice is written from, in characters.
const maxLessonText = 12000

func practiceView(r PracticeRequest) view {
	v := baseView(r.Brief)
	v.Data = quoteLine("Lesson title", r.LessonTitle, 120) + "\n" + quote(r.LessonText, maxLessonText)
	return v
}
