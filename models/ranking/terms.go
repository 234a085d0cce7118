package ranking

import (
	"maps"
	"slices"
	"strings"

	"github.com/lyoapp/lyo/models/text"
)

// sayNothing are words by which nothing is matched.
const sayNothing = " a an and are as at basics be by can course do does first for from guide how i in introduction is it learn learning lesson me my of " +
	"on or part quiz the this to what when where which who why with work works you your "

// Terms returns the words by which things and tastes are matched: those of the keys of texts, without those that say
// nothing. It is nil where there are letters beyond ASCII: which of them are parts of words is up to the locale of
// Postgres, where the words of tastes are found, so that its feed_terms has to tell. A test compares the two.
func Terms(texts ...string) []string {
	found := map[string]bool{}
	for _, t := range texts {
		if strings.ContainsFunc(t, func(r rune) bool { return r >= 0x80 }) {
			return nil
		}
		for _, word := range strings.FieldsFunc(text.Key(t), betweenTerms) {
			if !strings.Contains(sayNothing, " "+word+" ") {
				found[word] = true
			}
		}
	}
	terms := slices.AppendSeq(make([]string, 0, len(found)), maps.Keys(found))
	slices.Sort(terms)
	return terms
}

// betweenTerms reports an ASCII character that is part of no term.
func betweenTerms(r rune) bool {
	return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '+' && r != '#'
}
