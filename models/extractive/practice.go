package extractive

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// exercise is a question that could be asked.
type exercise struct {
	question Question
	sentence int
	term     *term // nil for a number
	answer   string
	worth    float64
}

// questions returns the questions of a lesson, in the order of its sentences. asked has the answers of the
// lessons before it.
func (b *book) questions(d *draft, asked map[string]bool) []Question {
	var all []exercise
	for _, i := range d.shown {
		if s := &b.sentences[i]; !s.dangling && s.size <= mostStem && !b.languages[s.source].points(s.words) {
			all = append(all, b.aboutTerms(i)...)
			all = append(all, b.aboutNumbers(i)...)
		}
	}
	slices.SortStableFunc(all, func(x, y exercise) int { return compareDown(x.worth, y.worth) })
	var chosen []exercise
	counts, most := map[Kind]int{}, map[Kind]int{Definition: 2, Number: 2, Cloze: 3}
	for _, e := range all {
		if len(chosen) == MostQuestions || counts[e.question.Kind] == most[e.question.Kind] || asked[strings.ToLower(e.answer)] || slices.ContainsFunc(chosen, func(c exercise) bool { return b.clash(c, e) }) {
			continue
		}
		if !b.distract(&e) {
			continue
		}
		chosen = append(chosen, e)
		counts[e.question.Kind]++
	}
	for _, e := range chosen {
		asked[strings.ToLower(e.answer)] = true
	}
	slices.SortStableFunc(chosen, func(x, y exercise) int { return cmp.Compare(x.sentence, y.sentence) })
	questions := make([]Question, len(chosen))
	for i, e := range chosen {
		questions[i] = e.question
	}
	return questions
}

const (
	mostStem  = 36 // words
	leastRest = 3  // words beside the blank that are no stop words
)

// clash reports whether two exercises are about one sentence, or one of them gives the other's answer away.
func (b *book) clash(x, y exercise) bool {
	if x.sentence == y.sentence || strings.EqualFold(x.answer, y.answer) {
		return true
	}
	tells := func(x, y exercise) bool {
		if x.term != nil {
			if _, is := x.term.in(y.sentence); is {
				return true
			}
		}
		return strings.Contains(strings.ToLower(b.sentences[y.sentence].text), strings.ToLower(x.answer))
	}
	return tells(x, y) || tells(y, x)
}

// aboutTerms returns the exercises that leave a key term out of a sentence.
func (b *book) aboutTerms(i int) []exercise {
	const most = 3
	s := &b.sentences[i]
	labels := b.labels()
	var found []exercise
	for _, t := range b.terms {
		p, is := t.in(i)
		if !is || len(found) == most || has(labels.Gap+" "+labels.Term+" "+labels.Number, t.forms[0]) {
			continue
		}
		stem, ok := b.blank(i, t)
		if !ok {
			continue
		}
		e := exercise{sentence: i, term: t, answer: b.form(t, p), worth: t.score / b.terms[0].score}
		if b.inside(s, p) {
			e.worth -= 0.4
		}
		e.question = Question{Kind: Cloze, Prompt: labels.Gap + " " + stem, From: b.quote(i, i)}
		if slices.Contains(s.defines, t) {
			e.question.Kind, e.question.Prompt = Definition, labels.Term+" "+stem
			e.worth++
		}
		found = append(found, e)
	}
	return found
}

// inside reports whether a place is part of a longer group of words.
func (b *book) inside(s *sentence, p place) bool {
	if b.languages[s.source].NounFirst {
		return p.first > 0 && s.words[p.first].joined && termWord(s, p.first-1)
	}
	return p.last+1 < len(s.words) && s.words[p.last+1].joined && termWord(s, p.last+1)
}

// labels are those of the request's language.
func (b *book) labels() Labels { return languageOf(b.request.Language).labels }

// blank returns a sentence without a term; false where what is left says the term, or says too little.
func (b *book) blank(i int, t *term) (string, bool) {
	s := &b.sentences[i]
	l := b.languages[s.source]
	from, _ := slices.BinarySearchFunc(t.places, i, func(p place, s int) int { return p.sentence - s })
	places := t.places[from:]
	if to := slices.IndexFunc(places, func(p place) bool { return p.sentence != i }); to >= 0 {
		places = places[:to]
	}
	var stem strings.Builder
	at, rest := 0, 0
	for _, p := range places {
		if p.start < at {
			return "", false
		}
		stem.WriteString(s.text[at:p.start] + Blank)
		at = p.end
	}
	stem.WriteString(s.text[at:])
	for _, w := range s.words {
		if slices.ContainsFunc(places, func(p place) bool { return p.start < w.end && w.start < p.end }) {
			continue
		}
		if slices.ContainsFunc(t.stems, func(stem string) bool { return l.related(w, stem) }) {
			return "", false
		}
		if !w.stop && !w.digits {
			rest++
		}
	}
	least := leastRest
	if l.Joined {
		least *= 2
	}
	left := strings.ToLower(strings.ReplaceAll(stem.String(), Blank, ""))
	return stem.String(), rest >= least && strings.Count(stem.String(), Blank) <= 2 && !strings.Contains(left, strings.ToLower(t.forms[0]))
}

// related reports whether a word looks like one of a family with a stem: it has the stem in it, or begins as
// it does.
func (l *language) related(w word, stem string) bool {
	if w.unspaced || w.stop {
		return false
	}
	const long = 4
	n := utf8.RuneCountInString(stem)
	if n < long {
		return w.stem == stem
	}
	if strings.Contains(w.lower, stem) {
		return true
	}
	same := commonPrefix(w.stem, stem)
	return same > long && same*4 >= 3*min(n, utf8.RuneCountInString(w.stem))
}

// commonPrefix returns how many characters two texts begin with alike.
func commonPrefix(a, b string) int {
	n := 0
	other := []rune(b)
	for _, r := range a {
		if n == len(other) || r != other[n] {
			break
		}
		n++
	}
	return n
}

// aboutNumbers returns the exercises that leave a number out of a sentence.
func (b *book) aboutNumbers(i int) []exercise {
	s := &b.sentences[i]
	var found []exercise
	for _, f := range s.figures {
		answer := s.text[f.start:f.end]
		if f.kind == other || strings.Count(s.text, answer) != 1 {
			continue
		}
		rest := 0
		for _, w := range s.words {
			rest += number(!w.stop && !w.digits)
		}
		if rest < leastRest {
			continue
		}
		worth := 0.4
		if f.kind == year {
			worth = 0.5
		}
		prompt := b.labels().Number + " " + s.text[:f.start] + Blank + s.text[f.end:]
		found = append(found, exercise{
			sentence: i, answer: answer, worth: worth + 0.1*min(s.weight, 2),
			question: Question{Kind: Number, Prompt: prompt, From: b.quote(i, i)},
		})
	}
	return found
}
