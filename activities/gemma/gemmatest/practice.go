package gemmatest

import (
	"fmt"
	"slices"
	"strings"
)

// composePractice asks for words missing from sentences of the lesson, so that the
// right options do stand in its text.
func composePractice(r Request) string {
	title := orElse(clip(r.Title, 100), "the lesson")
	words := longWords(r.Prompt())
	quiz := make([]any, 0, 3)
	for i := range 3 {
		quiz = append(quiz, question(title, words, i))
	}
	return marshal(map[string]any{
		"study_questions": []string{
			"How would you explain " + title + " to a friend?",
			"Which step of " + title + " would you try first, and why?",
			"What could go wrong when you use " + title + "?",
		},
		"quiz": quiz,
	})
}

func question(title string, words []string, i int) map[string]any {
	right := fmt.Sprintf("statement %d", i+1)
	if len(words) > 0 {
		right = words[(int(seedOf(title)%97)+i*11)%len(words)]
	}
	options := []string{"nothing of the sort " + fmt.Sprint(i), "only what others say", "whatever is newest"}
	at := (int(seedOf(title)%4) + i) % 4
	return map[string]any{
		"prompt":      fmt.Sprintf("Question %d: which of these words stands in the lesson %s?", i+1, title),
		"options":     slices.Insert(options, at, right),
		"explanation": fmt.Sprintf("The lesson uses the word %s in its text.", right), "answer": at,
	}
}

// longWords are the words of the quoted lesson that are worth asking for.
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
