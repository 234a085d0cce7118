package extractive

import (
	"fmt"
	"slices"
	"strings"
)

// Markdown returns the text of a lesson, and what it quotes: what stands before [n] is the n-th of them. No
// quoted sentence has a character that means something in Markdown, so that it is shown as it is. The title
// and the questions are not in it.
func Markdown(c Course, lesson int, r Request) (markdown string, cited []Quote) {
	l := c.Lessons[lesson]
	w := page{request: r}
	w.quotes(l.Introduction)
	for _, p := range l.Parts {
		w.heading(p.Heading)
		w.quotes(p.Quotes)
	}
	labels := languageOf(r.Language).labels
	if len(l.Terms) > 0 {
		w.heading(labels.Terms)
		for _, t := range l.Terms {
			fmt.Fprintf(&w.text, "- **%s**: %s [%d]\n", t.Term, w.words(t.Definition), w.cite(t.Definition))
		}
		w.text.WriteByte('\n')
	}
	if len(l.ReadOn) > 0 {
		w.heading(labels.Read)
		for _, x := range l.ReadOn {
			w.text.WriteString("- " + plain(r.reading(x)) + "\n")
		}
	}
	return strings.TrimSpace(w.text.String()) + "\n", w.cited
}

// reading returns how a section is called.
func (r Request) reading(x Reading) string {
	title := oneLine(r.Sources[x.Source].Title)
	switch {
	case x.Heading == "" || x.Heading == title:
		return title
	case title == "":
		return x.Heading
	}
	return title + ": " + x.Heading
}

// page is a text in Markdown that is being written.
type page struct {
	request Request
	text    strings.Builder
	cited   []Quote
}

func (p *page) heading(h string) {
	if h = plain(h); h != "" {
		p.text.WriteString("## " + h + "\n\n")
	}
}

func (p *page) quotes(quotes []Quote) {
	for _, q := range quotes {
		fmt.Fprintf(&p.text, "%s [%d]\n\n", p.words(q), p.cite(q))
	}
}

func (p *page) words(q Quote) string { return p.request.Sources[q.Source].Text[q.Start:q.End] }

// cite returns the number of a quote, the same for the same.
func (p *page) cite(q Quote) int {
	if i := slices.Index(p.cited, q); i >= 0 {
		return i + 1
	}
	p.cited = append(p.cited, q)
	return len(p.cited)
}

// plain returns a heading of a source in one line, with what means something in Markdown escaped.
func plain(s string) string {
	var b strings.Builder
	for _, r := range oneLine(s) {
		if strings.ContainsRune("\\`*_[]<>#~|&$", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
