package llm

import (
	"encoding/json"
	"regexp"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// minLessonWords is the least number of words of a lesson.
const minLessonWords = 40

// read trims an answer to the lesson's Markdown, or returns what is wrong with it.
//
// Repaired are a fence around the whole, line breaks written as HTML, and citation marks of
// unknown labels. Refused are JSON, fewer than 40 words, an open code fence, a text that
// repeats itself, a refusal, another language, links that no excerpt contains, and HTML outside
// of code. Sentences far too long for the level are reported.
func (r LessonRequest) read(_ task, text string) (LessonText, []string) {
	text, found := readLesson(text)
	if p := refusesTask(text); p != "" {
		return LessonText{}, []string{p}
	}
	given := shown(r.Excerpts)
	found = append(found, proseProblems(text, r.Brief, textsOf(given)...)...)
	markdown, cited := citations(text, given)
	return LessonText{Markdown: markdown, Cited: cited, TooHard: tooHard(text, r.Brief)}, found
}

func readLesson(text string) (string, []string) {
	text = mapParts(unwrap(texts.Clean(text)), same, breakLines)
	var p problems
	if json.Valid([]byte(text)) {
		p.addf("it is JSON; wanted is plain Markdown")
	}
	if n := texts.CountWords(text); n < minLessonWords {
		p.addf("it has only %d words", n)
	}
	if openFence(text) != "" {
		p.addf("a code fence is not closed")
	}
	if repeats(text) {
		p.addf("it repeats itself over and over")
	}
	return text, p
}

var lineBreak = regexp.MustCompile(`(?i)<br\s*/?>`)

// breakLines converts HTML line breaks to Markdown's; a table has no such thing.
func breakLines(prose string) string {
	var out strings.Builder
	for l := range strings.Lines(prose) {
		instead := "\n"
		if strings.Contains(l, "|") {
			instead = " "
		}
		out.WriteString(lineBreak.ReplaceAllString(l, instead))
	}
	return out.String()
}

// unwrap removes a fence around the whole lesson, but not one that begins with code
// and ends with other code.
func unwrap(text string) string {
	text = strings.TrimSpace(text)
	for _, opening := range []string{"```markdown\n", "```md\n", "```\n"} {
		rest, found := strings.CutPrefix(text, opening)
		body, closed := strings.CutSuffix(rest, "\n```")
		if found && closed && openFence(body) == "" {
			return strings.TrimSpace(body)
		}
	}
	return text
}

// openFence returns the fence that text leaves open, or "".
func openFence(text string) string {
	open := ""
	for l := range strings.Lines(text) {
		mark := fenceMark(l)
		switch {
		case mark == "":
		case open == "":
			open = mark
		case strings.HasPrefix(mark, open) && strings.TrimSpace(l) == mark:
			open = ""
		}
	}
	return open
}

// fenceMark returns the run of at least three backticks or tildes a line starts with.
// Any indentation counts, since lists may contain fences too.
func fenceMark(l string) string {
	l = strings.TrimSpace(l)
	for _, c := range []string{"`", "~"} {
		run := l[:len(l)-len(strings.TrimLeft(l, c))]
		if len(run) >= 3 && (c != "`" || !strings.Contains(l[len(run):], "`")) {
			return run
		}
	}
	return ""
}
