// Package quiz puts the options of quiz questions in an order that does not depend on which of them is
// right, and that is the same each time.
package quiz

import (
	"bytes"
	"crypto/sha256"
	"slices"
	"strconv"
)

// Question is what the order of the options concerns. Answer is the index of the right one.
type Question struct {
	Options     []string
	Answer      int
	Explanation string
}

// Arrange returns a question with its options in an order that is derived from its id. Those that speak of
// the other options, such as "all of the above", come last. The letters by which the explanation names
// options, A for the first one, move along.
func Arrange(id string, q Question) Question {
	order := make([]int, len(q.Options))
	places := make([][]byte, len(q.Options))
	for i := range order {
		hash := sha256.Sum256([]byte(id + "\x00" + strconv.Itoa(i)))
		order[i], places[i] = i, hash[:]
	}
	slices.SortStableFunc(order, func(a, b int) int {
		last, other := aboutOthers(q.Options[a]), aboutOthers(q.Options[b])
		switch {
		case last && other:
			return a - b
		case last:
			return 1
		case other:
			return -1
		}
		return bytes.Compare(places[a], places[b])
	})
	moved := make([]int, len(order)) // from the old place to the new one
	for place, was := range order {
		moved[was] = place
	}
	arranged := Question{Options: make([]string, len(order)), Answer: q.Answer, Explanation: q.moveLetters(q.Explanation, moved)}
	if q.Answer >= 0 && q.Answer < len(moved) {
		arranged.Answer = moved[q.Answer]
	}
	for was, place := range moved {
		arranged.Options[place] = q.Options[was]
		if lettersOnly(q.Options[was]) {
			arranged.Options[place] = everyLetter(q.Options[was], moved)
		}
	}
	return arranged
}
