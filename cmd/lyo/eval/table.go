package eval

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// row is a line of the table: a figure and its value.
type row struct {
	name, means string
	cell        func(Figures) string
}

func rows() []row {
	all := append(answerRows(), textRows()...)
	return append(all, costRows()...)
}

func answerRows() []row {
	all := []row{
		{"answers asked", "outlines, lessons, practice and solves asked for", func(f Figures) string { return number(f.Asked) }},
		{"schema rate", "first answers that were accepted: schema, rules, language", func(f Figures) string { return f.Schema.String() }},
		{"repair rate", "accepted after the turn that names the problems", func(f Figures) string { return f.Repair.String() }},
		{"smaller-task rate", "accepted only as the answer to the smaller task", func(f Figures) string { return f.Smaller.String() }},
	}
	for _, kind := range failureKinds() {
		all = append(all, row{"failed: " + kind, "answers that never came to be accepted, by kind", func(f Figures) string { return number(f.Failures[kind]) }})
	}
	return append(all, row{"retried", "asked again since the server failed or was full", func(f Figures) string { return number(f.Retried) }})
}

func textRows() []row {
	all := []row{
		{"lessons", "accepted", func(f Figures) string { return number(f.Lessons) }},
		{"duplicate rate", "lessons that are nearly another one of their course", func(f Figures) string { return f.Duplicate.String() }},
		{"language match", "lessons in the language asked for, of those where it was detected", func(f Figures) string { return f.Language.String() }},
		{"language not detected", "lessons whose language was not detected reliably", func(f Figures) string { return number(f.Undetected) }},
	}
	for _, level := range levels() {
		all = append(all, row{"reading level, " + level, "mean years of school; not measured where no spaces divide words", func(f Figures) string { return f.Reading[level].in(1) }})
	}
	return append(
		all,
		row{"quality score", "mean of the score every lesson gets, 0 to 1; knows form only", func(f Figures) string { return f.Quality.in(2) }},
		row{"invented links", "addresses nobody gave; must be 0", func(f Figures) string { return number(f.Links) }},
		row{"placeholder links", "reserved addresses within code, such as localhost", func(f Figures) string { return number(f.Placeholders) }},
		row{"quiz agreement", "questions the model, without the answers, answers as it wrote them", func(f Figures) string { return f.Quiz.String() }},
	)
}

func costRows() []row {
	return []row{
		{"seconds a course", "mean, waits between tries left out", func(f Figures) string { return f.Seconds.in(1) }},
		{"tokens in a course", "mean, by the server's count or an estimate", func(f Figures) string { return f.In.in(0) }},
		{"tokens out a course", "mean, refused answers included", func(f Figures) string { return f.Out.in(0) }},
		{"tokens per second", "tokens out by seconds of answers, queueing included", func(f Figures) string { return f.TokensPerSecond.in(1) }},
	}
}

func number(n int) string { return fmt.Sprint(n) }

const nothing = "-"

// String returns a text such as "85.7% (6/7)".
func (r Rate) String() string {
	if r.Of == 0 {
		return nothing
	}
	return fmt.Sprintf("%.1f%% (%d/%d)", 100*float64(r.N)/float64(r.Of), r.N, r.Of)
}

func (m Mean) in(places int) string {
	if m.N == 0 {
		return nothing
	}
	return fmt.Sprintf("%.*f", places, m.Mean)
}

// Markdown returns the report for readers; equal reports are equal bytes.
func (r Report) Markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Evaluation of %s\n\n", line(r.Model))
	for _, l := range [][2]string{
		{"date", r.Date.Format(time.RFC3339)},
		{"commit", r.Commit},
		{"provider", r.Provider},
		{"model", r.Model},
		{"version of the weights", orNothing(r.Version)},
		{"version of the prompts", r.PromptVersion},
		{"models that answered", orNothing(strings.Join(r.Answered, ", "))},
		{"settings", fmt.Sprintf("%d topics, %d lessons a course, %d courses at once", r.Settings.Topics, r.Settings.Lessons, r.Settings.Parallel)},
		{"took", fmt.Sprintf("%.1f s", r.Seconds)},
	} {
		fmt.Fprintf(&b, "- %s: %s\n", l[0], line(l[1]))
	}
	if !r.Settings.Whole {
		b.WriteString("\nThis is a part of the fixed set, or of another size: not comparable with whole runs.\n")
	}
	b.WriteString("\n" + aligned(r.cells()))
	b.WriteString("\nBy language:\n\n" + aligned(r.languages()))
	b.WriteString("\nThese figures are counted by programs. No person judged whether what the lessons say is right.\n")
	return b.String()
}

func orNothing(text string) string {
	if text == "" {
		return "not known"
	}
	return text
}

// line escapes text of a server or a setting that would be Markdown.
func line(text string) string {
	return strings.NewReplacer("\n", " ", "\r", " ", "|", " ", "<", " ", "`", " ").Replace(text)
}

func (r Report) cells() [][]string {
	table := [][]string{{"figure", "all", "what it says"}}
	for _, row := range rows() {
		table = append(table, []string{row.name, row.cell(r.Total), row.means})
	}
	return table
}

// languages returns a line of figures for each language.
func (r Report) languages() [][]string {
	table := [][]string{{"language", "asked", "schema rate", "repair rate", "lessons", "language match", "quality score", "quiz agreement", "invented links"}}
	for _, locale := range Locales() {
		f := r.Locales[locale]
		table = append(table, []string{
			locale, number(f.Asked), f.Schema.String(), f.Repair.String(), number(f.Lessons), f.Language.String(), f.Quality.in(2), f.Quiz.String(), number(f.Links),
		})
	}
	return table
}

// aligned writes a table that is also readable as plain text.
func aligned(table [][]string) string {
	widths := make([]int, len(table[0]))
	for _, cells := range table {
		for i, c := range cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	rule := make([]string, len(widths))
	for i, w := range widths {
		rule[i] = strings.Repeat("-", w)
	}
	var b strings.Builder
	for i, cells := range table {
		writeRow(&b, cells, widths)
		if i == 0 {
			writeRow(&b, rule, widths)
		}
	}
	return b.String()
}

func writeRow(b *strings.Builder, cells []string, widths []int) {
	for i, c := range cells {
		b.WriteString("| " + c + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)) + " ")
	}
	b.WriteString("|\n")
}
