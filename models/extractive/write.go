package extractive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// leastFit is how many sentences a lesson is chosen from at least, and leastPart a part of it.
const (
	leastFit  = 7
	leastPart = 2
	usualFit  = 14
)

// Write makes a course; false where there is too little text. Three lessons need about 25 sentences that can
// be shown, some 450 words of prose.
func Write(r Request) (Course, bool) {
	if len(r.Sources) == 0 {
		return Course{}, false
	}
	b := read(r)
	b.rank()
	b.findTerms()
	o := b.outline()
	for k := b.lessons(o); k >= LeastLessons; k-- {
		if drafts := b.draft(o, k); drafts != nil {
			return b.course(o, drafts), true
		}
	}
	return Course{}, false
}

// lessons returns how many lessons the text is for.
func (b *book) lessons(o outline) int {
	all, headings, since := 0, 0, leastFit
	for i, fit := range o.fit {
		if o.gains[i] == atHeading && since >= leastFit {
			headings++
			since = 0
		}
		all += fit
		since += fit
	}
	k := b.request.Lessons
	if k == 0 {
		k = all / usualFit
		if headings >= LeastLessons && headings <= MostLessons && all/headings >= usualFit*2/3 {
			k = headings
		}
	}
	return min(min(max(k, LeastLessons), MostLessons), all/leastFit)
}

// draft is a lesson in sentences.
type draft struct {
	parts  []draftPart
	intro  []int
	title  string
	shown  []int // what the introduction and the parts show, in the order of the text
	budget int   // how many more it may show
	words  int
}

type draftPart struct {
	sentences []int // in the order of the text
	chosen    []int
	heading   string
}

// draft chooses the sentences of k lessons; nil where one of them would not have its parts.
func (b *book) draft(o outline, k int) []*draft {
	begins := partition(o.fit, o.gains, k, leastFit)
	if begins == nil {
		return nil
	}
	c := newChooser(b)
	drafts := make([]*draft, k)
	for i, from := range begins {
		to := len(o.order)
		if i+1 < k {
			to = begins[i+1]
		}
		drafts[i] = c.choose(o, from, to)
		if drafts[i] == nil {
			return nil
		}
	}
	return drafts
}

// course makes the course of its drafts.
func (b *book) course(o outline, drafts []*draft) Course {
	c := Course{Title: b.title(), Tags: b.tags(), Summary: b.summary(o)}
	n := namer{book: b, used: map[string]bool{}}
	defined, asked := map[*term]bool{}, map[string]bool{}
	for i, d := range drafts {
		n.name(d, i)
		l := Lesson{Title: d.title, Introduction: b.quotes(d.intro), ReadOn: b.readOn(d)}
		l.Terms = b.lessonTerms(d, defined)
		if b.request.Level == "beginner" {
			defines := func(s int) bool {
				return slices.ContainsFunc(l.Terms, func(t Term) bool { return t.Definition == b.quote(s, s) })
			}
			definitionsFirst(d.parts, func(p draftPart) bool { return slices.ContainsFunc(p.chosen, defines) })
		}
		for _, p := range d.parts {
			l.Parts = append(l.Parts, Part{Heading: p.heading, Quotes: b.quotes(p.chosen)})
		}
		l.Questions = b.questions(d, asked)
		c.Lessons = append(c.Lessons, l)
	}
	return c
}

// definitionsFirst moves the parts that define something before the others.
func definitionsFirst(parts []draftPart, defines func(draftPart) bool) {
	slices.SortStableFunc(parts, func(a, b draftPart) int { return number(defines(b)) - number(defines(a)) })
}

// title returns the title of the course.
func (b *book) title() string {
	if t := oneLine(b.request.Topic); t != "" {
		return upperFirst(t)
	}
	for _, s := range b.request.Sources {
		if t := oneLine(s.Title); t != "" {
			return t
		}
	}
	if len(b.terms) > 0 {
		return upperFirst(b.terms[0].forms[0])
	}
	return ""
}

func (b *book) tags() []string {
	const most = 5
	var tags []string
	for _, t := range b.terms {
		if len(tags) < most && !slices.ContainsFunc(tags, func(tag string) bool { return overlap(tag, t.forms[0]) }) {
			tags = append(tags, t.forms[0])
		}
	}
	return tags
}

// oneLine returns a heading of a source as one.
func oneLine(s string) string { return strings.Join(strings.Fields(strings.ToValidUTF8(s, "")), " ") }

// overlap reports whether one text contains the other, case aside.
func overlap(a, b string) bool {
	a, b = strings.ToLower(a), strings.ToLower(b)
	return strings.Contains(a, b) || strings.Contains(b, a)
}

// summary returns the sentences that say most about the whole text: one that opens a source, and the most
// central of the others.
func (b *book) summary(o outline) []Quote {
	const most = 3
	best := slices.DeleteFunc(slices.Clone(o.order), func(s int) bool { return !b.sentences[s].fit || b.sentences[s].dangling })
	worth := make([]float64, len(b.sentences))
	for _, s := range best {
		worth[s] = b.worth(s)
		if s < most {
			worth[s] *= 2
		}
	}
	slices.SortStableFunc(best, func(x, y int) int { return compareDown(worth[x], worth[y]) })
	best = best[:min(len(best), most)]
	slices.Sort(best)
	return b.quotes(best)
}

// quotes returns sentences as runs. They come in the order in which they are shown.
func (b *book) quotes(sentences []int) []Quote {
	var quotes []Quote
	for i := 0; i < len(sentences); {
		j := i + 1
		for j < len(sentences) && b.follow(sentences[j-1], sentences[j]) {
			j++
		}
		quotes = append(quotes, b.quote(sentences[i], sentences[j-1]))
		i = j
	}
	return quotes
}

// follow reports whether a sentence stands right after another one, in its paragraph.
func (b *book) follow(first, second int) bool {
	f, s := b.sentences[first], b.sentences[second]
	return second == first+1 && f.unit == s.unit && f.paragraph == s.paragraph
}

func (b *book) quote(first, last int) Quote {
	return Quote{b.sentences[first].source, b.sentences[first].start, b.sentences[last].end}
}

// readOn returns the sections of which a lesson shows a part.
func (b *book) readOn(d *draft) []Reading {
	var found []Reading
	for _, s := range d.shown {
		u := b.units[b.sentences[s].unit]
		if r := (Reading{u.source, u.heading}); !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found
}

// lessonTerms returns the terms that a lesson defines and none before it did.
func (b *book) lessonTerms(d *draft, defined map[*term]bool) []Term {
	const most = 6
	var found []Term
	for _, i := range d.shown {
		s := &b.sentences[i]
		for _, t := range s.defines {
			p, _ := t.in(i)
			if defined[t] || len(found) == most || b.languages[s.source].points(s.words) {
				continue
			}
			defined[t] = true
			found = append(found, Term{b.form(t, p), b.quote(i, i)})
		}
	}
	return found
}

// form returns a term as it is at a place, with the small letter that it has within sentences.
func (b *book) form(t *term, p place) string {
	form := b.sentences[p.sentence].text[p.start:p.end]
	if small := lowerFirst(form); slices.Contains(t.forms, small) {
		return small
	}
	return form
}

// namer gives lessons and parts their headings.
type namer struct {
	book *book
	used map[string]bool // titles of lessons
}

// name names a lesson and its parts: by the headings of the sections that they begin with, else by the term
// that is strongest there.
func (n *namer) name(d *draft, number int) {
	b := n.book
	first := d.parts[0].sentences[0]
	u := b.units[b.sentences[first].unit]
	if n.opens(d.parts[0]) {
		d.title = u.heading
		if d.title == "" && b.sentences[first].unit == 0 {
			d.title = oneLine(b.request.Sources[u.source].Title)
		}
	}
	if d.title == "" || n.used[texts.Key(d.title)] {
		d.title = n.termOf(d.shown, n.used)
	}
	if d.title == "" {
		d.title = b.title() + " " + string(rune('1'+number))
	}
	n.used[texts.Key(d.title)] = true
	used := map[string]bool{texts.Key(d.title): true}
	for i := range d.parts {
		p := &d.parts[i]
		p.heading = ""
		if n.opens(*p) {
			p.heading = b.units[b.sentences[p.sentences[0]].unit].heading
		}
		if p.heading == "" || used[texts.Key(p.heading)] {
			p.heading = n.termOf(p.chosen, used)
		}
		used[texts.Key(p.heading)] = true
	}
}

// opens reports whether a part begins where a section does.
func (n *namer) opens(p draftPart) bool {
	first := p.sentences[0]
	return n.book.units[n.book.sentences[first].unit].sentences[0] == first
}

// termOf returns the term that is strongest in some sentences and not used yet. One that is everywhere in the
// text says less.
func (n *namer) termOf(sentences []int, used map[string]bool) string {
	best, most := "", 0.0
	for _, t := range n.book.terms {
		here := 0
		for _, p := range t.places {
			here += number(slices.Contains(sentences, p.sentence))
		}
		if here == 0 {
			continue
		}
		name := n.book.formIn(t, sentences)
		if name == "" || used[texts.Key(name)] {
			continue
		}
		worth := t.score * float64(here) * float64(here) / float64(len(t.places)) / float64(len(t.places))
		if slices.ContainsFunc(sentences, func(s int) bool { return slices.Contains(n.book.sentences[s].defines, t) }) {
			worth *= 2
		}
		if !strings.EqualFold(name, t.forms[0]) {
			worth *= 0.2 // another case or number reads less well
		}
		if worth > most {
			best, most = name, worth
		}
	}
	if best == "" {
		return n.wordOf(sentences, used)
	}
	return best
}

// formIn returns the most common form of a term that is in one of the sentences, as a heading.
func (b *book) formIn(t *term, sentences []int) string {
	for _, form := range t.forms {
		lower := strings.ToLower(form)
		if slices.ContainsFunc(sentences, func(s int) bool { return strings.Contains(strings.ToLower(b.sentences[s].text), lower) }) {
			return upperFirst(form)
		}
	}
	return ""
}

// wordOf returns the longest word of some sentences that is no stop word and not used yet; of Japanese and
// Chinese, the longest run of characters or katakana.
func (n *namer) wordOf(sentences []int, used map[string]bool) string {
	best := ""
	longer := func(name string) {
		if len(name) > len(best) && !used[texts.Key(name)] {
			best = name
		}
	}
	for _, i := range sentences {
		s := &n.book.sentences[i]
		for _, w := range s.words {
			if !w.stop && !w.digits && !w.unspaced {
				longer(upperFirst(s.text[w.start:w.end]))
			}
		}
		text := s.text
		for _, w := range n.book.languages[s.source].stopped {
			text = strings.ReplaceAll(text, w, " ")
		}
		for run := range strings.FieldsFuncSeq(text, func(r rune) bool { return r != 'ー' && !unicode.In(r, unicode.Han, unicode.Katakana) }) {
			if utf8.RuneCountInString(run) <= longestUnspaced {
				longer(run)
			}
		}
	}
	return best
}
