package citations

import (
	"strings"
	"unicode"
)

// The bounds of how many of a sentence's content words must be in its passage. They were fixed on one half of
// the judged sentences, see docs/benchmarks/citations.md; those for embeddings were not measured.
const (
	leastOverlap         = 0.25
	leastOverlapUnspaced = 0.4
	besideWeight         = 0.2 // of a word that is not in the quote but beside it
	rescuing             = 0.8 // a similarity that makes up for words that differ
	leastRescued         = 0.1
)

// strayed returns that a sentence says something else than its quote.
func strayed(s, p statement, similarity *float64) []string {
	share, least := overlap(s, p), leastOverlap
	if s.lex.unspacedWords() {
		least = leastOverlapUnspaced
	}
	if share >= least || similarity != nil && *similarity >= rescuing && share >= leastRescued {
		return nil
	}
	return []string{"the sentence says something else than the quote"}
}

// overlap returns the share of a sentence's content words that its passage has.
func overlap(s, p statement) float64 {
	if s.lex.unspacedWords() {
		return charactersShared(s, p)
	}
	shared, all := numbersShared(s, p)
	for i, t := range s.words {
		if !content(t, s.lex) || s.inNumber(i) {
			continue
		}
		all++
		switch {
		case contains(p.words, t):
			shared++
		case contains(p.beside, t):
			shared += besideWeight
		}
	}
	if all == 0 {
		return 1
	}
	return shared / all
}

// numbersShared counts the numbers of a sentence as words, small ones as half a word: they say less.
func numbersShared(s, p statement) (shared, all float64) {
	for _, q := range s.numbers {
		if q.optional {
			continue
		}
		weight := 1.0
		if q.values[0] <= 12 && q.form != month {
			weight = 0.5
		}
		all += weight
		if backed(q, p.numbers) {
			shared += weight
		}
	}
	return shared, all
}

func contains(words []token, t token) bool {
	for _, other := range words {
		if other.kind == word && sameStem(t.text, other.text) {
			return true
		}
	}
	return false
}

// content reports a token that says something by itself.
func content(t token, lex *lexicon) bool {
	return (t.kind == word || t.kind == letter) && !lex.has("stop", t.text) && !lex.has("negations", t.text) && len(lex.numbers[t.text]) == 0
}

// sameStem compares two words without regard to their endings, and a long word with what it is a part of.
func sameStem(a, b string) bool {
	if a == b {
		return true
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) >= 10 && (strings.HasSuffix(b, a) || strings.Contains(b, a[:len(a)-len(a)/6]) && isASCII(a)) {
		return true
	}
	one, other := []rune(a), []rune(b)
	common := 0
	for common < len(one) && common < len(other) && (one[common] == other[common] || umlaut(one[common]) == umlaut(other[common])) {
		common++
	}
	if common > 0 && unicode.Is(unicode.Devanagari, one[0]) {
		return sameRoot(one, other, common)
	}
	longer := max(len(one), len(other))
	return common >= 3 && (common >= min(len(one), len(other))-1 && longer-common <= 3 || common >= 4 && 10*common >= 6*longer || common >= 5 && 2*common >= longer)
}

// umlaut returns the vowel that a German one with an umlaut comes from.
func umlaut(r rune) rune {
	switch r {
	case 'ä':
		return 'a'
	case 'ö':
		return 'o'
	case 'ü':
		return 'u'
	}
	return r
}

// sameRoot compares two words of Devanagari: what differs at their ends are signs of vowels and one syllable.
func sameRoot(one, other []rune, common int) bool {
	consonants := func(rs []rune) int {
		n := 0
		for _, r := range rs {
			if unicode.IsLetter(r) {
				n++
			}
		}
		return n
	}
	rest := max(consonants(one[common:]), consonants(other[common:]))
	return consonants(one[:common]) >= 2 && rest <= 1 || consonants(one[:common]) >= 3 && rest <= 2
}

// charactersShared returns the share of a sentence's pairs of characters, and of its characters, that its
// passage has, for scripts without spaces between words.
func charactersShared(s, p statement) float64 {
	quote, beside := joinedText(p.words), joinedText(p.beside)
	shared, all := numbersShared(s, p)
	for i, t := range s.words {
		if !content(t, s.lex) || s.inNumber(i) {
			continue
		}
		all++
		switch {
		case strings.Contains(quote, t.text):
			shared++
		case strings.Contains(beside, t.text):
			shared += besideWeight
		}
	}
	if all == 0 {
		return 1
	}
	return shared / all
}

// scriptOf returns the script of most letters: those that are written together count as one.
func scriptOf(ts []token) string {
	counts := map[string]int{}
	best := ""
	for _, t := range ts {
		if t.kind == digits || t.kind == mark {
			continue
		}
		for _, r := range t.text {
			name := "other"
			for _, table := range []string{"Latin", "Cyrillic", "Greek", "Arabic", "Devanagari", "Bengali", "Thai", "Hangul"} {
				if unicode.Is(unicode.Scripts[table], r) {
					name = table
				}
			}
			if counts[name]++; counts[name] > counts[best] {
				best = name
			}
		}
	}
	return best
}
