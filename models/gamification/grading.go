package gamification

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Kinds of quiz questions.
const (
	SingleChoice   = "single_choice"
	MultipleChoice = "multiple_choice"
	TrueFalse      = "true_false"
	ShortAnswer    = "short_answer"
	Ordering       = "ordering"
)

// Question is what grading needs of one.
type Question struct {
	Kind     string
	Options  []string
	Answer   int      // single choice, true or false: index of the right option
	Answers  []int    // multiple choice: indices of all that are right; ordering: all, in the right order
	Accepted []string // short answer: what counts as right
}

// PassMark is the share of right answers from which on a quiz without a mark of its own
// is passed.
const PassMark = 0.7

// Grade returns the share of right answers, and whether it is enough.
func Grade(right, asked int, mark float64) (score float64, passed bool) {
	if asked == 0 {
		return 0, false
	}
	score = float64(right) / float64(asked)
	return score, score+1e-9 >= mark // seven of ten are seven tenths
}

// Right reports whether an answer, as JSON, is right. Options are named by index or by
// their text. An answer that makes no sense is wrong.
func (q Question) Right(answer json.RawMessage) bool {
	switch q.Kind {
	case SingleChoice:
		index, ok := q.option(answer)
		return ok && index == q.Answer
	case TrueFalse:
		index, ok := q.truth(answer)
		return ok && index == q.Answer
	case MultipleChoice:
		chosen, ok := q.options(answer)
		slices.Sort(chosen)
		return ok && slices.Equal(slices.Compact(chosen), slices.Compact(slices.Sorted(slices.Values(q.Answers))))
	case Ordering:
		order, ok := q.options(answer)
		return ok && slices.Equal(order, q.Answers)
	case ShortAnswer:
		text := said(answer)
		return text != "" && slices.ContainsFunc(q.Accepted, func(a string) bool { return Normal(a) == text })
	}
	return false
}

// Answered reports whether an answer, as JSON, is one, right or wrong: it names options, or says
// something. A blank and what makes no sense are none.
func (q Question) Answered(answer json.RawMessage) (answered bool) {
	switch q.Kind {
	case SingleChoice:
		_, answered = q.option(answer)
	case TrueFalse:
		_, answered = q.truth(answer)
	case MultipleChoice, Ordering:
		_, answered = q.options(answer)
	case ShortAnswer:
		answered = said(answer) != ""
	}
	return answered
}

// said returns a short answer as it is compared; a number stands for its digits.
func said(answer json.RawMessage) string {
	var text string
	if number := json.Number(""); json.Unmarshal(answer, &text) != nil && json.Unmarshal(answer, &number) == nil {
		text = number.String()
	}
	return Normal(text)
}

// option returns the index of the option that an answer names.
func (q Question) option(answer json.RawMessage) (int, bool) {
	var number float64
	if json.Unmarshal(answer, &number) == nil && string(answer) != "null" {
		return int(number), number == math.Trunc(number) && number >= 0 && int(number) < len(q.Options)
	}
	var text string
	if json.Unmarshal(answer, &text) != nil {
		return 0, false
	}
	if i := slices.Index(q.Options, text); i >= 0 {
		return i, true
	}
	i := slices.IndexFunc(q.Options, func(o string) bool { return Normal(o) == Normal(text) && Normal(text) != "" })
	return i, i >= 0
}

func (q Question) options(answer json.RawMessage) (chosen []int, ok bool) {
	var all []json.RawMessage
	if json.Unmarshal(answer, &all) != nil || len(all) > len(q.Options) {
		return nil, false
	}
	for _, one := range all {
		index, ok := q.option(one)
		if !ok {
			return nil, false
		}
		chosen = append(chosen, index)
	}
	return chosen, len(chosen) > 0
}

// truth returns the index of the option that an answer to a true or false question names: as
// an option, or as true or false. Without options of that name the first stands for true.
func (q Question) truth(answer json.RawMessage) (int, bool) {
	if index, ok := q.option(answer); ok {
		return index, true
	}
	var value bool
	var text string
	switch {
	case string(answer) == "null":
		return 0, false
	case json.Unmarshal(answer, &value) == nil:
	case json.Unmarshal(answer, &text) == nil:
		var err error
		if value, err = strconv.ParseBool(strings.ToLower(strings.TrimSpace(text))); err != nil {
			return 0, false
		}
	default:
		return 0, false
	}
	for i, option := range q.Options {
		if named, err := strconv.ParseBool(Normal(option)); err == nil && named == value {
			return i, true
		}
	}
	if value {
		return 0, true
	}
	return 1, true
}

// Normal returns a short answer as it is compared: without regard to case, width, punctuation
// at the ends of words, and white space.
func Normal(text string) string {
	folded := cases.Fold().String(norm.NFKC.String(text))
	words := strings.FieldsFunc(folded, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	kept := words[:0]
	for _, word := range words {
		trimmed := strings.TrimFunc(word, func(r rune) bool { return unicode.IsPunct(r) && r != '%' })
		switch {
		case trimmed != "" && strings.HasPrefix(word, "-") && unicode.IsDigit([]rune(trimmed)[0]):
			kept = append(kept, "-"+trimmed) // a number below zero
		case trimmed != "":
			kept = append(kept, trimmed)
		}
	}
	return strings.Join(kept, " ")
}
