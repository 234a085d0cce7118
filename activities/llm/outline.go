package llm

import (
	"fmt"
	"slices"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

type outlineAnswer struct {
	Title       string       `json:"title"`
	Summary     string       `json:"summary"`
	Description string       `json:"description"`
	Tags        []string     `json:"tags"`
	Lessons     []planAnswer `json:"lessons"`
}

type planAnswer struct {
	Title         string   `json:"title"`
	Summary       string   `json:"summary"`
	Objectives    []string `json:"objectives"`
	Prerequisites []string `json:"prerequisites"`
	Minutes       int      `json:"minutes"`
}

// read parses an answer's text into an outline, or returns what is wrong with it.
//
// Left out are blank and double entries of lists, citation marks, and prerequisites that
// name the lesson itself or a later one. Refused are blank titles, summaries and
// descriptions, lessons without objectives, double titles, refusals, another language,
// links that no excerpt contains, and HTML.
func (r OutlineRequest) read(t task, text string) (Outline, []string) {
	var a outlineAnswer
	if problems := t.form.parse(text, &a); len(problems) > 0 {
		return Outline{}, problems
	}
	o := a.trimmed()
	found := outlineProblems(o)
	if p := refuseTask([]string{o.Summary, o.Description}); p != "" {
		return Outline{}, []string{p}
	}
	return o, append(found, proseProblems(o.prose(), r.Brief, textsOf(shown(r.Excerpts))...)...)
}

// prose returns all the words of an outline.
func (o Outline) prose() string {
	parts := []string{o.Title, o.Summary, o.Description}
	for _, l := range o.Lessons {
		parts = append(append(append(parts, l.Title, l.Summary), l.Objectives...), l.Prerequisites...)
	}
	return strings.Join(parts, ".\n")
}

func (a outlineAnswer) trimmed() Outline {
	o := Outline{
		Title: texts.CleanLine(unmarked(a.Title)), Summary: strings.TrimSpace(unmarked(a.Summary)), Description: strings.TrimSpace(unmarked(a.Description)),
		Tags: distinctLines(each(a.Tags, unmarked)),
	}
	for _, l := range a.Lessons {
		o.Lessons = append(o.Lessons, LessonPlan{
			Title: texts.CleanLine(unmarked(l.Title)), Summary: strings.TrimSpace(unmarked(l.Summary)), Minutes: l.Minutes,
			Objectives: distinctLines(each(l.Objectives, unmarked)), Prerequisites: distinctLines(each(l.Prerequisites, unmarked)),
		})
	}
	o.dropForwardReferences()
	return o
}

// dropForwardReferences keeps earlier lessons and knowledge from outside the course.
func (o Outline) dropForwardReferences() {
	later := map[string]bool{}
	for i := len(o.Lessons) - 1; i >= 0; i-- {
		l := &o.Lessons[i]
		later[strings.ToLower(l.Title)] = true
		l.Prerequisites = slices.DeleteFunc(l.Prerequisites, func(p string) bool { return later[strings.ToLower(p)] })
	}
}

func outlineProblems(o Outline) []string {
	var p problems
	p.blank("title", o.Title)
	p.blank("summary", o.Summary)
	p.blank("description", o.Description)
	if n := len(o.Lessons); n < 3 || n > 8 {
		p.addf("lessons: there are %d, wanted are 3 to 8", n)
	}
	seen := map[string]bool{}
	for i, l := range o.Lessons {
		at := fmt.Sprintf("lesson %d ", i+1)
		p.blank(at+"title", l.Title)
		p.blank(at+"summary", l.Summary)
		if len(l.Objectives) == 0 {
			p.addf("%shas no objectives", at)
		}
		if key := strings.ToLower(l.Title); seen[key] {
			p.addf("%shas the title of an earlier lesson", at)
		} else {
			seen[key] = true
		}
	}
	return p
}
