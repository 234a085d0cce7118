package citations

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// missingNames returns the names of a sentence that are neither in the quote nor beside it. Names in another script
// than the quote's are not judged, and in another language only those of persons, of several words, or those that
// the sentence takes from another script: places have names of their own there.
func missingNames(s, p statement, foreign bool) []string {
	var reasons []string
	for _, name := range names(s) {
		taken := scriptOf(name) != scriptOf(s.words)
		if foreign && (len(name) < 2 && !taken || scriptOf(name) != scriptOf(p.words)) {
			continue
		}
		known := false
		for _, part := range name {
			known = known || named(part, p.words, s.lex) || named(part, p.beside, s.lex)
		}
		if !known && !initials(name, p.words) && !initials(name, p.beside) {
			reasons = append(reasons, fmt.Sprintf("the name %q is not in the quote or beside it", writtenAs(name)))
		}
	}
	return reasons
}

// names returns the names of a sentence: runs of words with capital letters that do not begin a sentence, and
// words in another script than what is around them.
func names(s statement) [][]token {
	var found [][]token
	for i := 0; i < len(s.words); i++ {
		from := i
		for i < len(s.words) && s.isName(i) && (i == from || s.words[i].gap) {
			i++
		}
		if i > from {
			found = append(found, s.words[from:i])
		}
	}
	return found
}

// isName reports whether a token is part of a name.
func (s statement) isName(i int) bool {
	t := s.words[i]
	if t.kind != word || s.inNumber(i) || len(s.lex.units[t.text]) > 0 || s.lex.has("stop", t.text) || s.lex.has("common", t.text) {
		return false
	}
	letters := []rune(t.written)
	if len(letters) < 2 {
		return false
	}
	upper := unicode.IsUpper(letters[1])
	if unicode.Is(unicode.Katakana, letters[0]) {
		return len(letters) > 2
	}
	if !cased(letters[0]) || s.lex.language == "de" && !upper {
		return false
	}
	if s.lex.uncased() {
		return unicode.Is(unicode.Latin, letters[0])
	}
	return t.capital && (upper || !s.begins(i))
}

// cased reports a letter of a script that has capitals.
func cased(r rune) bool { return unicode.In(r, unicode.Latin, unicode.Cyrillic, unicode.Greek) }

// uncased reports a language whose script has no capitals.
func (l *lexicon) uncased() bool {
	return l.has("traits", "uncased")
}

// begins reports whether a token begins a sentence, or what is said or titled in it.
func (s statement) begins(i int) bool {
	if i == 0 {
		return true
	}
	before := s.words[i-1]
	return before.kind == mark && among(before.text, ".!?:…\"'«„“”‘(¿¡—-–")
}

func (s statement) inNumber(i int) bool {
	return slices.ContainsFunc(s.numbers, func(q quantity) bool { return q.from <= i && i < q.to })
}

// named reports whether a part of a name is among words: with another ending, or as what comes from there.
func named(part token, words []token, lex *lexicon) bool {
	return slices.ContainsFunc(words, func(t token) bool {
		return t.kind == word && (sameName(part.text, t.text, lex) || lex.language == "en" && (demonyms[part.text] == t.text || demonyms[t.text] == part.text))
	})
}

// sameName compares two names without regard to their endings.
func sameName(a, b string, lex *lexicon) bool {
	if a == b || strings.TrimSuffix(a, "'s") == strings.TrimSuffix(b, "'s") {
		return true
	}
	one, other := []rune(a), []rune(b)
	common := commonPrefix(one, other)
	shorter, longer := min(len(one), len(other)), max(len(one), len(other))
	if lex.has("traits", "inflected") {
		adjective := strings.Contains(a+" "+b, "ск") && common >= 4 && shorter-common <= 2
		return adjective || common >= 3 && longer-common <= 3 && shorter-common <= 2 || common >= 4 && 2*common >= longer
	}
	if longer == len(one) {
		b = a
	}
	people := strings.HasSuffix(b, "an") || strings.HasSuffix(b, "ans") || strings.HasSuffix(b, "ese") || strings.HasSuffix(b, "ish")
	return people && common >= 3 && shorter-common <= 1 || common >= 3 && common == shorter && longer-common <= 5 || common >= 5 && 10*common >= 6*longer
}

func commonPrefix(a, b []rune) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// initials reports whether a name is the first letters of others, or they are of it.
func initials(name, words []token) bool {
	if len(name) > 1 {
		return slices.ContainsFunc(words, func(t token) bool { return t.kind == word && t.text == firstLetters(name) })
	}
	letters := []rune(name[0].text)
	for i := range words {
		if i+len(letters) <= len(words) && len(letters) > 1 && firstLetters(words[i:i+len(letters)]) == name[0].text {
			return true
		}
	}
	return false
}

func firstLetters(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		for _, r := range t.text {
			b.WriteRune(r)
			break
		}
	}
	return b.String()
}

// demonyms are words of English for what is of a country whose name begins in another way.
var demonyms = map[string]string{
	"french": "france", "dutch": "netherlands", "welsh": "wales", "danish": "denmark", "spanish": "spain", "polish": "poland", "english": "england",
	"scottish": "scotland", "turkish": "turkey", "finnish": "finland", "swedish": "sweden", "irish": "ireland", "swiss": "switzerland", "greek": "greece",
	"british": "britain", "czech": "czechia", "icelandic": "iceland", "thai": "thailand", "americans": "america", "flemish": "flanders", "norwegian": "norway",
	"nepalese": "nepal", "chinese": "china", "germans": "germany", "german": "germany", "ukrainian": "ukraine", "peruvian": "peru", "londoners": "london",
}
