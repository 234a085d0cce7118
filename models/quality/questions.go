package quality

import (
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
)

// leastShared is the least share of words that two questions have in common when they ask the same.
const leastShared = 0.8

// Question is a question of a quiz.
type Question struct {
	Prompt, Answer string    // Answer is the right one
	Embedding      []float32 // of Text; nil: none
}

// Text returns what is compared, the prompt and the right answer: "Which of these is true?" is asked of
// many things, and a prompt with one "not" more asks for something else.
func (q Question) Text() string { return q.Prompt + " " + q.Answer }

// Repeats reports whether two questions ask the same, by their words or by their embeddings. Questions
// with other numbers or signs never do.
func (q Question) Repeats(other Question) bool {
	return SameQuestion(q.Text(), other.Text()) ||
		Cosine(q.Embedding, other.Embedding) >= QuestionCosine && figures(q.Text()) == figures(other.Text())
}

// SameQuestion reports whether two questions have the same words in any order. One of them may have a few
// more; where both have words that the other lacks, those decide what is asked. Numbers and signs must be
// the same. Where a script has no spaces, runs of characters as long as a word count in place of words.
func SameQuestion(a, b string) bool {
	a, b = texts.Key(a), texts.Key(b)
	left, right := setOf(runsOf(a, 1)), setOf(runsOf(b, 1))
	return Similarity(left, right) >= leastShared && (within(left, right) || within(right, left)) && figures(a) == figures(b)
}

func within(part, whole map[string]bool) bool {
	for s := range part {
		if !whole[s] {
			return false
		}
	}
	return true
}

// figures returns the numbers and signs of a text, in order.
func figures(text string) string {
	return strings.Join(strings.FieldsFunc(texts.Key(text), func(r rune) bool {
		return !unicode.IsNumber(r) && !unicode.IsSymbol(r) && !strings.ContainsRune("#%&*/@-", r)
	}), " ")
}
