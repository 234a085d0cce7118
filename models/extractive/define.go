package extractive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// defines reports whether a sentence says what the term at [start:end] of it is.
func (l *language) defines(s *sentence, start, end int) bool {
	return l.names(s, start, end) || l.opens(s, start) && l.subject(afterGloss(s.text[end:])) && containsAny(s.text, l.inside)
}

// names is defines by what stands right at the term.
func (l *language) names(s *sentence, start, end int) bool {
	rest := afterGloss(s.text[end:])
	if l.opens(s, start) && l.follows(s, rest, l.is, true) {
		return true
	}
	return l.follows(s, rest, l.named, false) || l.precedes(s.text[:start])
}

// opens reports whether a term is the subject of its sentence: at most two words that say nothing alone
// stand before it.
func (l *language) opens(s *sentence, start int) bool {
	most := 2
	if l.Cases {
		most = 0
	}
	if l.Joined {
		return strings.TrimLeft(s.text[:start], "「『“\"‘《（") == ""
	}
	for i, w := range s.words {
		if w.start >= start {
			return true
		}
		if i >= most || !w.stop || l.point[w.lower] {
			return false
		}
	}
	return false
}

// subject reports whether what follows a term leaves it the subject: no postposition.
func (l *language) subject(rest string) bool {
	next, _, _ := strings.Cut(rest, " ")
	return !l.after[next]
}

func containsAny(text string, phrases []string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool { return strings.Contains(text, p) })
}

// follows reports whether one of the phrases stands at the beginning of what follows a term. A copula that
// begins no definition for sure needs the end of the sentence to agree.
func (l *language) follows(s *sentence, rest string, phrases []string, copula bool) bool {
	lower := strings.ToLower(rest)
	for _, p := range phrases {
		p, sure := strings.CutSuffix(p, "!")
		p, noun := strings.CutSuffix(p, "*")
		after, is := strings.CutPrefix(lower, strings.TrimSpace(p))
		switch {
		case !is || !l.Joined && !l.Particles && endsInWord(p) && startsInWord(after):
		case noun && (!l.noun(rest[len(rest)-len(after):], after) || !l.explains(after)):
		case copula && !sure && !l.closes(s.text):
		default:
			return true
		}
	}
	return false
}

// closes reports whether a sentence ends like a definition, in languages whose verb comes last.
func (l *language) closes(text string) bool {
	text = strings.TrimRight(text, ".。।۔!！\"'”’」）) ")
	for _, c := range l.closing {
		if strings.HasSuffix(text, c) {
			return true
		}
	}
	return len(l.closing) == 0
}

// explains reports whether a clause that explains a noun follows, in languages whose nouns look like other
// words.
func (l *language) explains(lower string) bool {
	return len(l.relative) == 0 || slices.ContainsFunc(strings.FieldsFunc(lower, func(r rune) bool { return !unicode.IsLetter(r) }), func(w string) bool { return l.relative[w] })
}

// noun reports whether a text begins with what may be a noun or its adjective.
func (l *language) noun(text, lower string) bool {
	const adjectives = 2
	for i := 0; ; i++ {
		text, lower = strings.TrimLeft(text, " "), strings.TrimLeft(lower, " ")
		end := len(lower) - len(strings.TrimLeftFunc(lower, unicode.IsLetter))
		word := lower[:end]
		if word == "" || l.stop[word] || slices.ContainsFunc(l.past, func(p string) bool { return strings.HasSuffix(word, p) }) {
			return false
		}
		if !l.Capitals || capitalised(text) {
			return true
		}
		if i == adjectives || !strings.HasPrefix(lower[end:], " ") || end > len(text) {
			return false
		}
		text, lower = text[end:], lower[end:]
	}
}

// precedes reports whether a text ends with a phrase that names what follows; an article may stand between.
func (l *language) precedes(text string) bool {
	text = strings.ToLower(strings.TrimRight(text, " «“\"„「『‘'"))
	if l.ends(text) {
		return true
	}
	at := strings.LastIndexByte(text, ' ')
	return at > 0 && l.before[text[at+1:]] && l.ends(strings.TrimRight(text[:at], " "))
}

func (l *language) ends(text string) bool {
	for _, c := range l.called {
		if rest, is := strings.CutSuffix(text, c); is && (l.Joined || !endsInWord(rest)) {
			return true
		}
	}
	return false
}

func endsInWord(text string) bool {
	r, _ := utf8.DecodeLastRuneInString(text)
	return text != "" && (unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsDigit(r))
}

// afterGloss returns a text without closing quotes, and a gloss in brackets, at its beginning.
func afterGloss(text string) string {
	const longest = 90 // bytes
	text = strings.TrimLeft(text, " »”\"“’'」』\u00a0")
	for _, pair := range []string{"()", "（）"} {
		marks := []rune(pair)
		if rest, is := strings.CutPrefix(text, string(marks[0])); is {
			if i := strings.IndexRune(rest, marks[1]); i >= 0 && i <= longest {
				return strings.TrimLeft(rest[i+utf8.RuneLen(marks[1]):], " ")
			}
		}
	}
	return text
}
