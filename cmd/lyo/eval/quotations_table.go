package eval

import (
	"fmt"
	"slices"
	"strings"
)

// quotedRow is a figure of courses of quotations and its bound, for the table.
type quotedRow struct {
	name  string
	least float64                  // of a rate
	rate  func(QuotedFigures) Rate // nil: the figure is a number
	count func(QuotedFigures) int  // nil: the figure is a rate
	free  bool                     // without a bound; a number with one is to be 0
}

func quotedRows() []quotedRow {
	return []quotedRow{
		{name: "courses made", least: 1, rate: func(f QuotedFigures) Rate { return f.Made }},
		{name: "lessons", free: true, count: func(f QuotedFigures) int { return f.Lessons }},
		{name: "sections", free: true, count: func(f QuotedFigures) int { return f.Parts }},
		{name: "key terms", free: true, count: func(f QuotedFigures) int { return f.Terms }},
		{name: "questions", free: true, count: func(f QuotedFigures) int { return f.Questions }},
		{name: "of a definition", free: true, count: func(f QuotedFigures) int { return f.Definitions }},
		{name: "of a number", free: true, count: func(f QuotedFigures) int { return f.Numbers }},
		{name: "answer in the lesson", least: 0.95, rate: func(f QuotedFigures) Rate { return f.AnswerInLesson }},
		{name: "blank outside stop words", least: 1, rate: func(f QuotedFigures) Rate { return f.OutsideStopWords }},
		{name: "wrong options of the kind", least: 0.9, rate: func(f QuotedFigures) Rate { return f.SameKind }},
		{name: "lessons of three sections", least: 1, rate: func(f QuotedFigures) Rate { return f.OfParts }},
		{name: "lessons in order", least: 1, rate: func(f QuotedFigures) Rate { return f.InOrder }},
		{name: "duplicates", count: func(f QuotedFigures) int { return f.Duplicates }},
		{name: "dangling openings", count: func(f QuotedFigures) int { return f.Dangling }},
		{name: "answers given away", count: func(f QuotedFigures) int { return f.GivenAway }},
		{name: "unusable questions", count: func(f QuotedFigures) int { return f.Unusable }},
		{name: "sections copied whole", count: func(f QuotedFigures) int { return f.Whole }},
		{name: "not verbatim", count: func(f QuotedFigures) int { return f.NotVerbatim }},
	}
}

func (r quotedRow) cell(f QuotedFigures) string {
	if r.rate == nil {
		return number(r.count(f))
	}
	return r.rate(f).String()
}

func (r quotedRow) bound() string {
	switch {
	case r.free:
		return nothing
	case r.rate == nil:
		return "0"
	}
	return fmt.Sprintf("%.0f%%", 100*r.least)
}

// keeps reports whether figures are within the bound. A rate of nothing is not.
func (r quotedRow) keeps(f QuotedFigures) bool {
	if r.rate == nil {
		return r.free || r.count(f) == 0
	}
	rate := r.rate(f)
	return rate.Of > 0 && float64(rate.N) >= r.least*float64(rate.Of)
}

// Faults returns what is outside of its bound, course by course.
func (q Quotations) Faults() []string {
	var faults []string
	for _, c := range q.Courses {
		for _, r := range quotedRows() {
			if !r.keeps(c.Figures) {
				faults = append(faults, fmt.Sprintf("%s, %s: %s is %s, the bound is %s", c.File, c.Level, r.name, r.cell(c.Figures), r.bound()))
			}
		}
	}
	return faults
}

// Markdown returns the figures by language, in all, and what is outside of its bound.
func (q Quotations) Markdown() string {
	var languages []string
	for _, c := range q.Courses {
		if !slices.Contains(languages, c.Language) {
			languages = append(languages, c.Language)
		}
	}
	table := [][]string{append([]string{"figure", "bound", "all"}, languages...)}
	for _, r := range quotedRows() {
		cells := []string{r.name, r.bound(), r.cell(q.Total)}
		for _, l := range languages {
			cells = append(cells, r.cell(q.Languages[l]))
		}
		table = append(table, cells)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Courses of quotations\n\n%d courses, one of each text of the library at each level, without a model.\n\n%s", len(q.Courses), aligned(table))
	for i, fault := range q.Faults() {
		if i == 0 {
			b.WriteString("\nOutside of a bound:\n\n")
		}
		b.WriteString("- " + fault + "\n")
	}
	return b.String()
}
