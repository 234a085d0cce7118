package citations

import (
	"fmt"
	"slices"
	"strings"
)

// negation is a word that denies, and the content words around it in its clause that it denies.
type negation struct {
	word  string
	scope []token
	all   bool // whether it denies only all of them together
}

// contradictions returns where one side denies what the other says, and opposite words.
func contradictions(s, p statement) []string {
	said, quoted := negations(s), negations(p)
	if reason := denial(s, p, said, quoted); reason != "" {
		return []string{reason}
	}
	if len(said)+len(quoted) > 0 {
		return nil // the opposite of what is denied is what is said
	}
	var reasons []string
	for _, pair := range s.lex.opposite {
		for _, side := range [2][2]string{pair, {pair[1], pair[0]}} {
			if s.has(side[0]) && p.has(side[1]) && !s.has(side[1]) && !p.has(side[0]) {
				reasons = append(reasons, fmt.Sprintf("the sentence says %q, the quote the opposite", strings.TrimSuffix(side[0], "*")))
			}
		}
	}
	return reasons
}

// denial returns what one side denies and the other does not, or nothing.
func denial(s, p statement, said, quoted []negation) string {
	switch {
	case len(said) > 0 && len(quoted) == 0 && !p.soft(s.words):
		for _, n := range said {
			if word := n.denies(p, s.lex); word != "" {
				return fmt.Sprintf("the sentence denies %q (%q), the quote does not", word, n.word)
			}
		}
	case len(quoted) > 0 && len(said) == 0 && !s.soft(p.words):
		for _, n := range quoted {
			if word := n.denies(s, s.lex); word != "" {
				return fmt.Sprintf("the quote denies %q (%q), the sentence does not", word, n.word)
			}
		}
	case len(said) > 0 && len(quoted) > 0 && !s.soft(p.words) && !p.soft(s.words):
		if word := onlyDenied(quoted, said, s); word != "" && onlyDenied(said, quoted, p) != "" {
			return fmt.Sprintf("the quote denies %q, the sentence does not", word)
		}
	}
	return ""
}

// has reports whether a text has a word, or one that begins so.
func (s statement) has(pattern string) bool {
	stem, open := strings.CutSuffix(pattern, "*")
	return slices.ContainsFunc(s.words, func(t token) bool {
		return t.text == stem || open && strings.HasPrefix(t.text, stem)
	}) || s.lex.unspacedWords() && strings.Contains(joinedText(s.words), stem)
}

// soft reports whether a text denies by other words than negations that the other side does not have, such
// as only, lacks or unable.
func (s statement) soft(other []token) bool {
	if s.lex.unspacedWords() {
		text, others := joinedText(s.words), joinedText(other)
		for word := range s.lex.sets["soft"] {
			if strings.Contains(text, word) && !strings.Contains(others, word) {
				return true
			}
		}
		return false
	}
	return slices.ContainsFunc(s.words, func(t token) bool {
		if t.kind != word || slices.ContainsFunc(other, func(o token) bool { return o.text == t.text }) {
			return false
		}
		return s.lex.has("soft", t.text) || slices.ContainsFunc(s.lex.stems, func(stem string) bool { return strings.HasPrefix(t.text, stem) }) ||
			s.lex.turned(t.text, other)
	})
}

// turned reports a word that an affix makes the opposite of one on the other side: unable, flightless.
func (l *lexicon) turned(text string, other []token) bool {
	for affix := range l.sets["turns"] {
		rest, found := strings.CutPrefix(text, strings.TrimSuffix(affix, "-"))
		if strings.HasPrefix(affix, "-") {
			rest, found = strings.CutSuffix(text, affix[1:])
		}
		if found && slices.ContainsFunc(other, func(o token) bool { return sameStem(rest, o.text) }) {
			return true
		}
	}
	return false
}

// unspacedWords reports a language without spaces between words.
func (l *lexicon) unspacedWords() bool { return l.has("traits", "unspaced") }

// negations returns the negations of a text. Of a passage that is the quote with the rest of its clauses.
func negations(s statement) []negation {
	ts := s.words
	if s.clauses != nil {
		ts = s.clauses
	}
	var found []negation
	for from := 0; from < len(ts); {
		to := from
		for to < len(ts) && !endsClause(ts[to]) {
			to++
		}
		if !bounds(ts[from:to], s.lex) {
			found = append(found, clauseNegations(ts, from, to, s.lex)...)
		}
		from = to + 1
	}
	return found
}

// clauseNegations returns the negations of a clause: where several make one, the first.
func clauseNegations(ts []token, from, to int, lex *lexicon) []negation {
	var found []negation
	for i := from; i < to; i++ {
		n := negates(ts, i, lex)
		if n == 0 || len(found) > 0 && lex.concord() {
			continue
		}
		words, before := scope(ts, i, i+n, lex)
		found = append(found, negation{joinedText(ts[i : i+n]), words, before})
	}
	return found
}

// concord reports a language in which a second negation of a clause denies nothing more.
func (l *lexicon) concord() bool {
	return l.has("traits", "concord")
}

// bounds reports a clause whose negation says no more than a comparison: not even ten, no more than ten, no other.
func bounds(clause []token, lex *lexicon) bool {
	var numbers []quantity
	for i := range clause {
		if lex.phrase("others", clause, i) > 0 {
			return true
		}
		n := negates(clause, i, lex)
		if n == 0 {
			continue
		}
		if numbers == nil {
			numbers = quantities(clause, lex)
		}
		next := i + n
		if next < len(clause) && lex.has("articles", clause[next].text) {
			next++
		}
		for _, q := range numbers {
			if q.from == next && !q.optional || q.from >= next && q.from <= next+4 && (q.hedge == '>' || q.hedge == '<') {
				return true
			}
		}
	}
	return false
}

// negates returns how many tokens from a place are a negation.
func negates(ts []token, i int, lex *lexicon) int {
	t := ts[i]
	if t.kind == word && strings.HasSuffix(t.text, "n't") {
		return 1
	}
	if t.kind == mark || t.kind == digits {
		return 0
	}
	n := lex.phrase("negations", ts, i)
	if n > 0 && len(lex.sets["unnegated"]) > 0 {
		for before := range 3 {
			if at := i - before; at >= 0 && lex.phrase("unnegated", ts, at) > before {
				return 0
			}
		}
	}
	if t.kind == word && n > 1 && ts[i+1].kind == word && !lex.has("negations", t.text) && !ts[i+1].gap {
		return 0
	}
	return n
}

// scope returns the content words that a negation denies: the next one, the last one before what is so instead,
// or, in languages that may put it behind what it denies, those before it.
func scope(ts []token, from, to int, lex *lexicon) (words []token, before bool) {
	instead := contrast(ts, to, lex)
	if lex.unspacedWords() {
		if words = scopeUnspaced(ts, to, instead, lex); words == nil {
			words = scopeBefore(ts, from, lex)
		}
		return words, false
	}
	for i := instead - 1; i >= to; i-- {
		if content(ts[i], lex) {
			return ts[i : i+1], false
		}
	}
	for i := to; i < len(ts) && !lex.endsPart(ts[i]); i++ {
		if content(ts[i], lex) {
			return ts[i : i+1], false
		}
	}
	if !lex.has("traits", "postposed") {
		return nil, false
	}
	most := 1
	if lex.language == "de" {
		most = 2 // the object stands between the verb and its negation
	}
	for i := from - 1; i >= 0 && len(words) < most && !lex.endsPart(ts[i]); i-- {
		if content(ts[i], lex) {
			words = append(words, ts[i])
		}
	}
	return words, true
}

// scopeBefore returns the two characters before a negation at the end of its clause, as Japanese has it.
func scopeBefore(ts []token, from int, lex *lexicon) []token {
	at := from - 1
	for at > 0 && ts[at].kind == letter && lex.has("stop", ts[at].text) {
		at--
	}
	if at < 1 || ts[at].kind != letter || ts[at-1].kind != letter {
		return nil
	}
	both := ts[at-1].text + ts[at].text
	return []token{{text: both, written: both, kind: letter}}
}

// farContrast is how many tokens after a negation the word is looked for that says what is so instead.
const farContrast = 12

// contrast returns the place of the word such as but that divides what is denied from what is so, or 0.
func contrast(ts []token, from int, lex *lexicon) int {
	for i := from; i < min(len(ts), from+farContrast); i++ {
		if lex.phrase("contrasts", ts, i) > 0 {
			return i
		}
		if t := ts[i]; t.kind == mark && strings.ContainsAny(t.text, ".;!?。；") {
			return 0
		}
	}
	return 0
}

// endsPart reports what ends a part of a sentence: a mark between clauses or a conjunction.
func (l *lexicon) endsPart(t token) bool { return endsClause(t) || l.has("conjunctions", t.text) }

// scopeUnspaced returns the next two characters that are together, after those that only lead to them.
func scopeUnspaced(ts []token, to, contrast int, lex *lexicon) []token {
	if contrast > to+3 {
		for at := contrast - 2; at >= to; at-- {
			if content(ts[at], lex) && content(ts[at+1], lex) {
				to = at
				break
			}
		}
	}
	for to < len(ts) && ts[to].kind == letter && lex.has("stop", ts[to].text) {
		to++
	}
	if to+1 >= len(ts) || ts[to].kind != letter || ts[to+1].kind != letter {
		return nil
	}
	both := ts[to].text + ts[to+1].text
	return []token{{text: both, written: both, kind: letter}}
}

func endsClause(t token) bool {
	return t.kind == mark && strings.ContainsFunc(t.text, clauseMark)
}

// denies returns a word that a negation denies and that the other side says, or nothing.
func (n negation) denies(other statement, lex *lexicon) string {
	found := ""
	for _, t := range n.scope {
		said := lex.unspacedWords() && strings.Contains(joinedText(other.words), t.text) ||
			slices.ContainsFunc(other.words, func(o token) bool { return o.kind == word && sameStem(t.text, o.text) })
		switch {
		case said && found == "":
			found = t.written
		case !said && n.all:
			return ""
		}
	}
	return found
}

// undenied returns the words of the parts of a text, divided by marks and conjunctions, that have no negation.
func undenied(s statement) []token {
	var found []token
	from, denied := 0, false
	for i, t := range s.words {
		if s.lex.endsPart(t) {
			if !denied {
				found = append(found, s.words[from:i]...)
			}
			from, denied = i, false
		}
		denied = denied || negates(s.words, i, s.lex) > 0
	}
	if !denied {
		found = append(found, s.words[from:]...)
	}
	return found
}

// onlyDenied returns a word that the first negation of one side denies and none of the other's does, though the
// other side says it where it denies nothing.
func onlyDenied(one, other []negation, side statement) string {
	n := one[0]
	for _, o := range other {
		if n.denies(statement{words: o.scope}, side.lex) != "" {
			return ""
		}
	}
	return n.denies(statement{words: undenied(side)}, side.lex)
}
