package extractive

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// term is a key term: the forms of a word or of a few words that stand together.
type term struct {
	stems  []string
	forms  []string // as written, the most common first
	places []place  // in the order of the text
	score  float64  // C-value, weighed
}

// place is where a term is: text[start:end] of a sentence, and its words.
type place struct{ sentence, start, end, first, last int }

// longestTerm is how many words a term has at most.
const longestTerm = 4

// candidate counts a run of stems.
type candidate struct {
	places []place
	nested float64 // how often it is within longer ones
	longer float64 // how many those are
}

// findTerms finds the key terms, the strongest first.
func (b *book) findTerms() {
	found := map[string]*candidate{}
	for i := range b.sentences {
		b.candidates(i, found)
	}
	once := map[string]bool{}
	for key, c := range found {
		if len(c.places) < 2 {
			if once[key] = b.definedOnce(c.places[0]); !once[key] {
				delete(found, key)
			}
		}
	}
	nest(found, func(key string, visit func(string)) {
		stems := strings.Split(key, " ")
		for n := 1; n < len(stems); n++ {
			for i := 0; i+n <= len(stems); i++ {
				visit(strings.Join(stems[i:i+n], " "))
			}
		}
	})
	for key, c := range found {
		stems := strings.Split(key, " ")
		if once[key] || b.nominal(c, len(stems)) {
			b.addTerm(stems, c, math.Log2(float64(len(stems))+1))
		}
	}
	b.findUnspaced()
	slices.SortFunc(b.terms, func(a, b *term) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.forms[0], b.forms[0]), slices.Compare(a.stems, b.stems))
	})
	const most = 400
	b.terms = b.terms[:min(len(b.terms), most)]
	b.findDefinitions()
}

// nest tells each candidate how often it is within longer ones.
func nest(found map[string]*candidate, parts func(key string, visit func(string))) {
	for key, c := range found {
		seen := map[string]bool{}
		parts(key, func(part string) {
			if inner := found[part]; inner != nil && !seen[part] {
				seen[part] = true
				inner.nested += float64(len(c.places))
				inner.longer++
			}
		})
	}
}

// candidates adds the runs of a sentence's words that may be terms.
func (b *book) candidates(i int, found map[string]*candidate) {
	s, l := &b.sentences[i], b.languages[b.sentences[i].source]
	least := 1
	if l.Syllables {
		least = 2
	}
	for from := range s.words {
		var key strings.Builder
		for to := from; to < min(len(s.words), from+longestTerm) && termWord(s, to) && (to == from || s.words[to].joined); to++ {
			if to > from {
				key.WriteByte(' ')
			}
			key.WriteString(s.words[to].stem)
			if to-from+1 < least {
				continue
			}
			found[key.String()] = found[key.String()].with(place{i, s.words[from].start, s.words[to].end, from, to})
		}
	}
}

// definedOnce reports whether what is said once is a term all the same: all that stands before a copula, or
// after a verb of naming.
func (b *book) definedOnce(p place) bool {
	s := &b.sentences[p.sentence]
	if !s.fit || s.dangling || p.first > 0 && s.words[p.first].joined && termWord(s, p.first-1) {
		return false
	}
	if p.last+1 < len(s.words) && s.words[p.last+1].joined && termWord(s, p.last+1) {
		return false
	}
	l := b.languages[s.source]
	if l.Capitals && slices.ContainsFunc(s.words[p.first:p.last+1], func(w word) bool { return !capitalised(s.text[w.start:]) }) {
		return false
	}
	return l.names(s, p.start, p.end)
}

// termWord reports a word that may be part of a term.
func termWord(s *sentence, i int) bool {
	w := s.words[i]
	return !w.stop && !w.digits && !w.unspaced && (w.end-w.start > 2 || strings.ToLower(s.text[w.start:w.end]) != s.text[w.start:w.end])
}

// nominal reports whether a candidate stands like a noun: after an article or a preposition, and before what
// ends a noun's group. In German nouns are known by their capitals.
func (b *book) nominal(c *candidate, words int) bool {
	both, big := 0, 0
	for _, p := range c.places {
		s := &b.sentences[p.sentence]
		l := b.languages[s.source]
		from, to := l.noughtBefore(s, p), l.noughtAfter(s, p)
		if words > 1 && !from && p.first > 1 && s.words[p.first].joined && termWord(s, p.first-1) {
			p.first-- // an adjective may stand before it
			from = l.noughtBefore(s, p)
		}
		from = from && (words == 1 || p.first > 0 || len(l.after) > 0)
		both += number(len(l.before)+len(l.after) == 0 || from && (to || l.NounFirst))
		if l.Capitals && capitalised(s.text[s.words[p.last].start:]) && (p.last > 0 || p.first < p.last) {
			big++
		}
	}
	l := b.languages[b.sentences[c.places[0].sentence].source]
	if l.Capitals {
		return big*2 >= len(c.places)
	}
	least := 4
	if len(l.after) > 0 {
		least = 8
	}
	return both > 0 && (words > 1 || both*least >= len(c.places)) || slices.ContainsFunc(c.places, func(p place) bool {
		s := &b.sentences[p.sentence]
		return s.fit && !s.dangling && l.defines(s, p.start, p.end)
	})
}

func number(is bool) int {
	if is {
		return 1
	}
	return 0
}

// noughtBefore reports whether what stands before a place may stand before a noun.
func (l *language) noughtBefore(s *sentence, p place) bool {
	if len(l.before) == 0 || p.first == 0 {
		return true
	}
	for _, prefix := range l.prefixes {
		if strings.HasPrefix(s.words[p.first].lower, prefix) {
			return true
		}
	}
	return l.before[s.words[p.first-1].lower]
}

// noughtAfter reports whether what stands after a place may stand after a noun.
func (l *language) noughtAfter(s *sentence, p place) bool {
	if p.last+1 == len(s.words) {
		return len(l.after) == 0
	}
	next := s.words[p.last+1]
	if len(l.after) > 0 {
		return l.after[next.lower]
	}
	return next.stop || !next.joined || l.Particles && s.words[p.last].end < next.start-1
}

// addTerm adds a term with the weight that its length gives it.
func (b *book) addTerm(stems []string, c *candidate, length float64) {
	score := float64(len(c.places))
	if c.longer > 0 {
		score -= c.nested / c.longer
	}
	if score < 1 {
		return
	}
	t := &term{stems: stems, places: c.places, score: length * score}
	t.forms = b.formsOf(c.places)
	form := strings.ToLower(t.forms[0])
	if containsIn(b.titles, form) {
		t.score *= 1.5
	}
	if containsIn(b.headings, form) {
		t.score *= 1.3
	}
	b.terms = append(b.terms, t)
}

func containsIn(texts []string, part string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, part) })
}

// formsOf returns the spellings at the places, the most common first, then the shortest. One with a capital
// that opens a sentence counts as the one without. Where nouns have cases, those that open sentences, and
// those without preposition, count more.
func (b *book) formsOf(places []place) []string {
	const initial, bare = 8, 3
	counts := map[string]int{}
	for _, p := range places {
		s := &b.sentences[p.sentence]
		n := 1
		if l := b.languages[s.source]; l.Cases {
			switch {
			case p.first == 0:
				n = initial
			case !l.before[s.words[p.first-1].lower]:
				n = bare
			}
		}
		counts[s.text[p.start:p.end]] += n
	}
	for _, p := range places {
		form := b.sentences[p.sentence].text[p.start:p.end]
		if small := lowerFirst(form); p.first == 0 && small != form && counts[small] > 0 && counts[form] > 0 {
			counts[small] += counts[form]
			counts[form] = 0
		}
	}
	var forms []string
	for f, n := range counts {
		if n > 0 {
			forms = append(forms, f)
		}
	}
	slices.SortFunc(forms, func(a, b string) int {
		return cmp.Or(counts[b]-counts[a], len(a)-len(b), strings.Compare(a, b))
	})
	return forms
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToLower(r)) + s[n:]
}

func upperFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	return string(unicode.ToTitle(r)) + s[n:]
}

// findDefinitions tells each sentence which terms it defines. Of two terms at a place the longer one counts.
func (b *book) findDefinitions() {
	for _, t := range b.terms {
		for _, p := range t.places {
			s := &b.sentences[p.sentence]
			if s.fit && !s.dangling && b.languages[s.source].defines(s, p.start, p.end) {
				s.defines = append(s.defines, t)
			}
		}
	}
	for i := range b.sentences {
		s := &b.sentences[i]
		s.defines = slices.DeleteFunc(s.defines, func(t *term) bool {
			return slices.ContainsFunc(s.defines, func(o *term) bool { return o != t && within(t, o) })
		})
		s.defines = slices.Compact(s.defines)
	}
}

// within reports whether a term is part of a longer one.
func within(t, longer *term) bool {
	a, b := strings.Join(t.stems, " "), strings.Join(longer.stems, " ")
	return len(a) < len(b) && strings.Contains(b, a)
}

// in returns the place of a term in a sentence.
func (t *term) in(sentence int) (place, bool) {
	i, is := slices.BinarySearchFunc(t.places, sentence, func(p place, s int) int { return p.sentence - s })
	if !is {
		return place{}, false
	}
	return t.places[i], true
}
