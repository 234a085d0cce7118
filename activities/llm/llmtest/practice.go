package llmtest

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// composePractice asks for words of the lesson, so that the right options are in its text.
func composePractice(r Request) string {
	p, title := phrasesOf(r.Prompt()), cmp.Or(clip(r.Title, 100), "the lesson")
	study, terms, questions := []string{}, []any{}, 3
	for _, s := range p.study {
		study = append(study, fmt.Sprintf(s, title))
	}
	if r.small() {
		study, questions = study[:2], 2
	} else {
		terms = append(terms, map[string]any{"term": clip(title, 60), "definition": p.definition})
	}
	return marshal(map[string]any{"study_questions": study, "key_terms": terms, "quiz": quiz(r, title, questions, 0)})
}

// composeQuestions asks for other words than composePractice does.
func composeQuestions(r Request) string {
	title := cmp.Or(clip(r.Title, 100), "the lesson")
	return marshal(map[string]any{"quiz": quiz(r, title, askedFor(r), 10)})
}

func quiz(r Request, title string, n, from int) []any {
	p, words := phrasesOf(r.Prompt()), longWords(r.Prompt())
	questions := make([]any, n)
	for i := range questions {
		questions[i] = p.question(title, words, from+i)
	}
	return questions
}

// askedFor returns the number of questions that a prompt requests.
func askedFor(r Request) int {
	m := regexp.MustCompile(`(?m)^- (?:Write|There are) (\d) `).FindStringSubmatch(r.Prompt())
	if m == nil {
		return 1
	}
	return int(m[1][0] - '0')
}

// composeSolve recognises the options that composePractice invents.
func composeSolve(r Request) string {
	answers := make([]int, askedFor(r))
	option := regexp.MustCompile(`(?m)^\| Question (\d), option (\d): (.*)$`)
	for _, m := range option.FindAllStringSubmatch(r.Prompt(), -1) {
		n := int(m[1][0]-'0') - 1
		if n < len(answers) && !madeUp(m[3]) {
			answers[n] = int(m[2][0] - '0')
		}
	}
	return marshal(map[string]any{"answers": answers})
}

func (p phrases) question(title string, words []string, i int) map[string]any {
	right := fmt.Sprintf("%d %d", i+1, i+2)
	if len(words) > 0 {
		right = words[(int(seedOf(title)%97)+i*11)%len(words)]
	}
	at := (int(seedOf(title)%4) + i) % 4
	return map[string]any{
		"prompt": fmt.Sprintf(p.ask, i+1, title), "options": slices.Insert(slices.Clone(p.wrong), at, right),
		"explanation": fmt.Sprintf(p.because, right), "answer": at,
	}
}

// longWords returns the words of the quoted lesson that are suitable for questions.
func longWords(prompt string) []string {
	var found []string
	for line := range strings.Lines(prompt) {
		text, quoted := strings.CutPrefix(line, "| ")
		if !quoted {
			continue
		}
		for w := range strings.FieldsSeq(text) {
			w = strings.ToLower(strings.Trim(w, ".,:;#*`()\"'|"))
			if n := len([]rune(w)); n >= 6 && n <= 40 && !slices.Contains(found, w) {
				found = append(found, w)
			}
		}
	}
	return found
}
