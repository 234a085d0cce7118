package builtin

import (
	"slices"
	"strings"
	"unicode"

	"github.com/lyoapp/lyo/activities/llm"
	texts "github.com/lyoapp/lyo/models/text"
)

// cloze makes up to three questions from any text: a sentence of it with one word left
// out, to be chosen from four words of the text.
func cloze(text string, seed int) []llm.Question {
	sentences := proseSentences(text)
	words := longWords(strings.Join(sentences, " "))
	var quiz []llm.Question
	for i, s := range sentences {
		own := longWords(s)
		if len(own) == 0 || len(quiz) == 3 {
			continue
		}
		wrong := others(words, own, i)
		if len(wrong) == 3 {
			prompt := "Which word completes this sentence of the lesson? “" + strings.Replace(s, own[0], "____", 1) + "”"
			quiz = append(quiz, place(prompt, own[0], wrong, s, seed+len(quiz)))
		}
	}
	return quiz
}

// proseSentences returns the plain sentences of 6 to 30 words of a text's paragraphs.
func proseSentences(text string) []string {
	var found []string
	for _, b := range texts.Blocks(text) {
		if b.Kind != texts.Paragraph {
			continue
		}
		for _, s := range texts.Sentences(b.Text) {
			if n := texts.CountWords(s); n >= 6 && n <= 30 && len([]rune(s)) <= 220 && texts.EndsSentence(s) && strings.Contains(text, s) {
				found = append(found, s)
			}
		}
	}
	return found
}

func longWords(text string) []string {
	var found []string
	for _, w := range texts.WordsAsWritten(text) {
		notLetter := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) }
		if n := len([]rune(w)); n >= 6 && n <= 30 && !slices.Contains(found, w) && !strings.ContainsFunc(w, notLetter) {
			found = append(found, w)
		}
	}
	return found
}

// others returns three words that are not in the sentence, starting at a position.
func others(words, own []string, place int) []string {
	var picked []string
	for i := range words {
		w := words[(place*7+i)%len(words)]
		same := func(o string) bool { return strings.EqualFold(o, w) }
		if !slices.ContainsFunc(own, same) && !slices.ContainsFunc(picked, same) && len(picked) < 3 {
			picked = append(picked, w)
		}
	}
	return picked
}
