package extractive

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// options is how many a question has.
const options = 4

// distract gives an exercise its options; false where its source has too few of the kind.
func (b *book) distract(e *exercise) bool {
	wrong := b.otherNumbers(e)
	if e.term != nil {
		wrong = b.otherTerms(e)
	}
	if len(wrong) < options-1 {
		return false
	}
	e.question.Options = slices.Concat(wrong[:options-1], []string{e.answer})
	if e.term != nil && b.caseless(e.term) {
		for i, o := range e.question.Options {
			e.question.Options[i] = upperFirst(o)
		}
	}
	slices.Sort(e.question.Options)
	e.question.Answer = slices.Index(e.question.Options, e.answer)
	return true
}

// shape is the kind of a term: those of one shape can stand for each other.
type shape struct {
	script  *unicode.RangeTable
	capital int // 0: small letters, 1: a capital first, 2: capitals only
}

func shapeOf(form string) shape {
	first, _ := utf8.DecodeRuneInString(form)
	s := shape{script: scriptOf(first)}
	for _, table := range []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Arabic, unicode.Devanagari, unicode.Bengali, unicode.Hangul, unicode.Greek} {
		if s.script == nil && unicode.Is(table, first) {
			s.script = table
		}
	}
	if unicode.IsUpper(first) {
		s.capital = 1
		if utf8.RuneCountInString(form) > 1 && form == strings.ToUpper(form) {
			s.capital = 2
		}
	}
	return s
}

// sameKind reports whether two terms are of one kind: of one shape, and of about as many words or letters.
func sameKind(a, b string) bool {
	x, y := len(strings.Fields(a)), len(strings.Fields(b))
	n, m := utf8.RuneCountInString(a), utf8.RuneCountInString(b)
	return shapeOf(a) == shapeOf(b) && x-y <= 1 && y-x <= 1 && n <= 4*m && m <= 4*n
}

// otherTerms returns terms of the same source and kind that are not in the sentence, those that fit the gap
// best first.
func (b *book) otherTerms(e *exercise) []string {
	type rival struct {
		form  string
		worth float64
	}
	var rivals []rival
	source := b.sentences[e.sentence].source
	before := b.wordBefore(e)
	for _, t := range b.terms {
		if _, is := t.in(e.sentence); is || t == e.term || b.kin(t, e.term) {
			continue
		}
		form, fit := b.rivalForm(t, e.answer, source, before, b.caseless(e.term))
		if form == "" || overlap(form, e.answer) || strings.Contains(strings.ToLower(b.sentences[e.sentence].text), strings.ToLower(form)) {
			continue
		}
		rivals = append(rivals, rival{form, fit + 0.5*t.score/b.terms[0].score})
	}
	slices.SortStableFunc(rivals, func(x, y rival) int { return compareDown(x.worth, y.worth) })
	var found []string
	for _, r := range rivals {
		if len(found) < options-1 && !slices.ContainsFunc(found, func(f string) bool { return overlap(f, r.form) }) {
			found = append(found, r.form)
		}
	}
	return found
}

// caseless reports whether a term only opens sentences, so that its capital says nothing.
func (b *book) caseless(t *term) bool {
	for _, p := range t.places {
		s := &b.sentences[p.sentence]
		if form := s.text[p.start:p.end]; p.start > 0 || b.languages[s.source].Capitals || lowerFirst(form) == form {
			return false
		}
	}
	return true
}

// wordBefore returns the word before the gap.
func (b *book) wordBefore(e *exercise) string {
	p, _ := e.term.in(e.sentence)
	words := b.sentences[e.sentence].words
	if p.first == 0 || len(words) < p.first {
		return ""
	}
	return words[p.first-1].lower
}

// kin reports whether two terms share a word.
func (b *book) kin(t, o *term) bool {
	return slices.ContainsFunc(t.stems, func(s string) bool {
		return slices.ContainsFunc(o.stems, func(r string) bool {
			n := commonPrefix(s, r)
			return s == r || n > 4 && n*4 >= 3*min(utf8.RuneCountInString(s), utf8.RuneCountInString(r))
		})
	})
}

// rivalForm returns the form of a term in a source that is most like an answer, "" where none is of its kind,
// and how well it fits: it ends alike, it is as long, it stands somewhere after the same word.
func (b *book) rivalForm(t *term, answer string, source int, before string, caseless bool) (string, float64) {
	const enough = 24 // places of a common term
	best, most := "", math.Inf(-1)
	seen := 0
	for _, p := range t.places {
		s := &b.sentences[p.sentence]
		if s.source != source {
			continue
		}
		if seen++; seen > enough {
			break
		}
		form := b.form(t, p)
		if !sameKind(form, answer) && (!caseless || !sameKind(upperFirst(form), answer) || form == upperFirst(form)) {
			continue
		}
		fit := number(len(strings.Fields(form)) == len(strings.Fields(answer))) + endingAlike(form, answer)
		if before != "" && p.first > 0 && s.words[p.first-1].lower == before {
			fit += 2
		}
		if worth := float64(fit); worth > most {
			best, most = form, worth
		}
	}
	return best, most
}

// endingAlike returns how many of the last two characters of two texts are the same. In Korean only whether a
// syllable ends with a consonant matters, since particles depend on it.
func endingAlike(a, b string) int {
	const firstSyllable, lastSyllable, finals = 0xAC00, 0xD7A3, 28
	x, n := utf8.DecodeLastRuneInString(a)
	y, m := utf8.DecodeLastRuneInString(b)
	if x >= firstSyllable && x <= lastSyllable && y >= firstSyllable && y <= lastSyllable {
		return 2 * number(((x-firstSyllable)%finals == 0) == ((y-firstSyllable)%finals == 0))
	}
	if x != y {
		return 0
	}
	x, _ = utf8.DecodeLastRuneInString(a[:len(a)-n])
	y, _ = utf8.DecodeLastRuneInString(b[:len(b)-m])
	return 1 + number(x == y)
}

// otherNumbers returns numbers of the same source and kind, those of the same unit and nearest in size first.
func (b *book) otherNumbers(e *exercise) []string {
	own := &b.sentences[e.sentence]
	l := b.languages[own.source]
	at := slices.IndexFunc(own.figures, func(f figure) bool { return own.text[f.start:f.end] == e.answer })
	if at < 0 {
		return nil
	}
	type rival struct {
		form string
		far  float64
	}
	var rivals []rival
	for i := range b.sentences {
		s := &b.sentences[i]
		if s.source != own.source || i == e.sentence {
			continue
		}
		for _, f := range s.figures {
			if far, like := own.figures[at].from(f); like {
				rivals = append(rivals, rival{s.text[f.start:f.end], far})
			}
		}
	}
	slices.SortStableFunc(rivals, func(x, y rival) int {
		return cmp.Or(cmp.Compare(x.far, y.far), strings.Compare(x.form, y.form))
	})
	var found []string
	for _, r := range rivals {
		value, _ := l.read(r.form)
		same := func(form string) bool { v, _ := l.read(form); return v == value }
		if len(found) < options-1 && !strings.Contains(own.text, r.form) && !slices.ContainsFunc(found, same) {
			found = append(found, r.form)
		}
	}
	return found
}

// from returns how far another number is from this one, and whether it can stand for it.
func (f figure) from(o figure) (float64, bool) {
	const least, times = 0.001, 20
	far := math.Abs(math.Log(max(o.value, least) / max(f.value, least)))
	if o.kind != f.kind || o.value == f.value || far > math.Log(times) {
		return 0, false
	}
	if o.unit != f.unit && f.kind != year {
		far += 2
	}
	return far, true
}
