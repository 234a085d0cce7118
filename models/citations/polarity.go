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
}

// contradictions returns where one side denies what the other says, and opposite words.
func contradictions(s, p statement) []string {
	said, quoted := negations(s), negations(p)
	var reasons []string
	switch {
	case len(said) > 0 && len(quoted) == 0 && !p.soft(s.words):
		for _, n := range said {
			if word := n.denies(p, s.lex); word != "" {
				return []string{fmt.Sprintf("the sentence denies %q (%q), the quote does not", word, n.word)}
			}
		}
	case len(quoted) > 0 && len(said) == 0 && !s.soft(p.words):
		for _, n := range quoted {
			if word := n.denies(s, s.lex); word != "" {
				return []string{fmt.Sprintf("the quote denies %q (%q), the sentence does not", word, n.word)}
			}
		}
	case len(said) > 0 && len(quoted) > 0 && !s.soft(p.words) && !p.soft(s.words):
		if word := swapped(s, p, said, quoted); word != "" {
			return []string{fmt.Sprintf("the quote denies %q, the sentence does not", word)}
		}
	}
	for _, pair := range s.lex.opposite {
		for _, side := range [2][2]string{pair, {pair[1], pair[0]}} {
			if s.has(side[0]) && p.has(side[1]) && !s.has(side[1]) && !p.has(side[0]) && len(said) == len(quoted) {
				reasons = append(reasons, fmt.Sprintf("the sentence says %q, the quote the opposite", strings.TrimSuffix(side[0], "*")))
			}
		}
	}
	return reasons
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
		return s.lex.has("soft", t.text) || slices.ContainsFunc(s.lex.stems, func(stem string) bool { return denying(t.text, stem, other) })
	})
}

// denying reports a word that begins with a stem. A stem of few letters is one that turns the meaning of a
// word, which the other side must have then without it.
func denying(text, stem string, other []token) bool {
	rest, ok := strings.CutPrefix(text, stem)
	if !ok {
		return false
	}
	if len([]rune(stem)) > 2 {
		return true
	}
	return slices.ContainsFunc(other, func(o token) bool { return sameStem(rest, o.text) })
}

// unspacedWords reports a language without spaces between words.
func (l *lexicon) unspacedWords() bool { return strings.Contains(" zh ja th ", " "+l.language+" ") }

// The number of content words before and after a negation that it is taken to deny.
const (
	deniedBefore = 1
	deniedAfter  = 1
)

// negations returns the negations of a text. Of a passage that is the quote with the rest of its clauses.
func negations(s statement) []negation {
	ts := s.words
	if s.clauses != nil {
		ts = s.clauses
	}
	var found []negation
	for i := range ts {
		n := negates(ts, i, s.lex)
		if n == 0 {
			continue
		}
		found = append(found, negation{joinedText(ts[i : i+n]), scope(ts, i, i+n, s.lex)})
	}
	return found
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

// scope returns the content words next to a negation within its clause.
func scope(ts []token, from, to int, lex *lexicon) []token {
	var words []token
	before, after := deniedBefore, deniedAfter
	switch {
	case lex.unspacedWords():
		return scopeUnspaced(ts, to, lex)
	case strings.Contains(" de hi nl tr ko bn ur fa ja ", " "+lex.language+" "):
	default:
		before = 0
	}
	for i := from - 1; i >= 0 && before > 0 && !endsClause(ts[i]); i-- {
		if content(ts[i], lex) {
			words = append(words, ts[i])
			before--
		}
	}
	for i := to; i < len(ts) && after > 0 && !endsClause(ts[i]); i++ {
		if content(ts[i], lex) {
			words = append(words, ts[i])
			after--
		}
	}
	return words
}

// scopeUnspaced returns the next two characters that are together, after those that only lead to them.
func scopeUnspaced(ts []token, to int, lex *lexicon) []token {
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
	for _, t := range n.scope {
		if lex.unspacedWords() {
			if i := strings.Index(joinedText(other.words), t.text); i >= 0 {
				return t.written
			}
			continue
		}
		if slices.ContainsFunc(other.words, func(o token) bool { return o.kind == word && sameStem(t.text, o.text) }) {
			return t.written
		}
	}
	return ""
}

// swapped returns a word that the quote denies and the sentence does not, where the sentence denies another
// that the quote does not.
func swapped(s, p statement, said, quoted []negation) string {
	if first := onlyDenied(said, quoted, p); first == "" {
		return ""
	}
	return onlyDenied(quoted, said, s)
}

// onlyDenied returns a word that all negations of one side deny and none of the other does, though it has it.
func onlyDenied(one, other []negation, side statement) string {
	for _, n := range one {
		word := n.denies(side, side.lex)
		if word == "" {
			return ""
		}
		for _, o := range other {
			if n.denies(statement{words: o.scope}, side.lex) != "" {
				return ""
			}
		}
		return word
	}
	return ""
}
