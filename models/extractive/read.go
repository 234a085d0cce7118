package extractive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// The bounds of what is read, about 60,000 words. Each source has the same share.
const (
	mostSentences = 4000
	mostBytes     = 400_000
)

// book is the text that a course is made of, as far as it was read.
type book struct {
	request   Request
	level     level
	languages []*language // of the sources
	units     []unit      // what stands under one heading, in the order of the course
	sentences []sentence  // source by source
	vectors   [][]feature // of the sentences
	terms     []*term     // the strongest first

	titles, headings []string // of the sources and of the units, in small letters
}

// unit is what stands under one heading of a source.
type unit struct {
	source, depth int // 0 is the highest
	heading       string
	sentences     []int
}

// sentence is one sentence of a source.
type sentence struct {
	source, section, unit, paragraph, start, end int // a section is a unit, or was divided into units

	text     string
	words    []word
	figures  []figure
	size     int  // in words
	fit      bool // can be shown
	dangling bool // leans on the sentence before
	weight   float64
	defines  []*term
}

// level has the lengths of sentences for a level, in words.
type level struct{ least, most, ideal int }

func levelOf(name string) level {
	switch name {
	case "beginner":
		return level{5, 28, 14}
	case "advanced":
		return level{6, 45, 24}
	}
	return level{5, 36, 18}
}

// read reads the sources.
func read(r Request) *book {
	b := &book{request: r, level: levelOf(r.Level)}
	for i, s := range r.Sources {
		tag := s.Language
		if tag == "" {
			tag = r.Language
		}
		b.languages = append(b.languages, languageOf(tag))
		b.readSource(i)
		b.titles = append(b.titles, strings.ToLower(oneLine(s.Title)))
	}
	for _, u := range b.units {
		if h := strings.ToLower(u.heading); h != "" {
			b.headings = append(b.headings, h)
		}
	}
	for i := range b.languages {
		if b.languages[i].Unknown {
			b.learnStopWords(i)
		}
	}
	b.tidy()
	return b
}

func (b *book) readSource(i int) {
	source, l := b.request.Sources[i], b.languages[i]
	most, bytes := len(b.sentences)+mostSentences/len(b.request.Sources), mostBytes/len(b.request.Sources)
	for _, s := range bodies(source) {
		if slices.ContainsFunc(l.skip, func(h string) bool { return texts.Key(s.Heading) == h }) {
			continue
		}
		u := unit{source: i, depth: s.Level, heading: oneLine(s.Heading)}
		first := len(b.sentences)
		paragraph := 0
		for _, span := range sentencesOf(upToByte(source.Text[s.Start:s.End], bytes-s.Start), l) {
			if len(b.sentences) == most || s.Start+span.end > bytes {
				break
			}
			b.sentences = append(b.sentences, sentence{
				source: i, section: len(b.units), unit: len(b.units), paragraph: paragraph + span.paragraph, start: s.Start + span.start, end: s.Start + span.end,
			})
		}
		for n := first; n < len(b.sentences); n++ {
			b.sentences[n].read(source.Text, l, b.level)
			u.sentences = append(u.sentences, n)
		}
		if len(u.sentences) > 0 {
			b.units = append(b.units, u)
		}
	}
}

// upToByte returns a text as far as a byte, whole characters only.
func upToByte(text string, most int) string {
	if most >= len(text) {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:max(most, 0)]
}

// bodies returns the sections of a source that have a text, in their order, and what stands before the first
// one. Sections that are not where a section can be are left out.
func bodies(s Source) []Section {
	sections := slices.Clone(s.Sections)
	slices.SortStableFunc(sections, func(a, b Section) int { return a.Start - b.Start })
	lead := Section{End: len(s.Text)}
	if len(sections) > 0 {
		lead.End = min(max(sections[0].Start, 0), len(s.Text))
	}
	found, end, top := []Section{}, 0, 0
	for _, body := range append([]Section{lead}, sections...) {
		body.Start, body.End = max(body.Start, end), min(body.End, len(s.Text))
		if body.Start >= body.End || !boundary(s.Text, body.Start) || !boundary(s.Text, body.End) {
			continue
		}
		end = body.End
		if body.Level > 0 && (top == 0 || body.Level < top) {
			top = body.Level
		}
		found = append(found, body)
	}
	for i := range found {
		found[i].Level = max(found[i].Level-top, 0)
	}
	return found
}

func boundary(text string, at int) bool { return at == len(text) || utf8.RuneStart(text[at]) }

// read finds a sentence's words, and whether it can be shown.
func (s *sentence) read(text string, l *language, level level) {
	s.text = text[s.start:s.end]
	s.words = wordsOf(s.text, l)
	quarters := 0
	for _, w := range s.words {
		quarters += texts.Quarters(s.text[w.start:w.end])
	}
	s.size = quarters / 4
	s.fit = s.size >= level.least && s.size <= level.most && readable(s.text)
	s.dangling = l.dangles(s.text, s.words)
	s.figures = l.figures(s)
}

// eachWord visits the words of a source. A sentence's are visited one after the other.
func (b *book) eachWord(source int, visit func(sentence int, w *word)) {
	for i := range b.sentences {
		if s := &b.sentences[i]; s.source == source {
			for j := range s.words {
				visit(i, &s.words[j])
			}
		}
	}
}

// learnStopWords takes the words that are in many sentences of a source for stop words, and the short ones
// that are in some.
func (b *book) learnStopWords(source int) {
	counts, last, sentences := map[string]int{}, map[string]int{}, map[int]bool{}
	b.eachWord(source, func(i int, w *word) {
		sentences[i] = true
		if at, seen := last[w.lower]; !seen || at != i {
			last[w.lower] = i
			counts[w.lower]++
		}
	})
	l := *b.languages[source]
	l.stop = map[string]bool{}
	for w, n := range counts {
		if n >= 3 && (n*5 > len(sentences) || n*16 > len(sentences) && utf8.RuneCountInString(w) <= 4) {
			l.stop[w] = true
		}
	}
	b.languages[source] = &l
	b.eachWord(source, func(_ int, w *word) { w.stop = w.stop || l.stop[w.lower] })
}

// tidy takes out sentences that were said before, and cuts particles off words.
func (b *book) tidy() {
	seen := map[string]bool{}
	for i := range b.sentences {
		s := &b.sentences[i]
		if !s.fit {
			continue
		}
		key := strings.Join(lowers(s.words), " ")
		s.fit = !seen[key]
		seen[key] = true
	}
	for i, l := range b.languages {
		if l.Particles {
			b.cutParticles(i)
		}
	}
}

func lowers(words []word) []string {
	found := make([]string, len(words))
	for i, w := range words {
		found[i] = w.lower
	}
	return found
}

// cutParticles shortens words of a source by their particles, where what is left has another particle, or
// none, elsewhere.
func (b *book) cutParticles(source int) {
	l := b.languages[source]
	families := map[string]map[string]bool{}
	add := func(base, form string) {
		if families[base] == nil {
			families[base] = map[string]bool{}
		}
		families[base][form] = true
	}
	b.eachWord(source, func(_ int, w *word) {
		add(w.lower, w.lower)
		for _, base := range l.bases(w.lower) {
			add(base, w.lower)
		}
	})
	b.eachWord(source, func(_ int, w *word) {
		for _, base := range l.bases(w.lower) {
			if len(families[base]) > 1 && len(base) < w.end-w.start {
				w.end = w.start + len(base)
				w.lower, w.stem, w.stop = base, base, w.stop || l.stop[base]
				return
			}
		}
	})
}

// bases returns what is left of a word without each of the particles that it may end with, the shortest
// first.
func (l *language) bases(w string) []string {
	var found []string
	for _, e := range l.endings {
		if base, is := strings.CutSuffix(w, e); is && utf8.RuneCountInString(base) >= 2 {
			found = append(found, base)
		}
	}
	return found
}

// readable reports whether a sentence is one that a reader can read, and that Markdown shows as it is.
func readable(text string) bool {
	if !utf8.ValidString(text) || !ends(text) || !balanced(text) || leads(text) {
		return false
	}
	if strings.ContainsAny(text, "`*_[]<>\\~|${}@#\t\r•·→=^") || strings.Contains(text, "://") || strings.Contains(text, "www.") || strings.Contains(text, "&") {
		return false
	}
	letters, others := 0, 0
	for _, r := range text {
		switch {
		case r == unicode.ReplacementChar || texts.Invisible(r) && r != '\u200c' && r != '\u200d':
			return false
		case unicode.IsLetter(r) || unicode.IsMark(r):
			letters++
		case !unicode.IsSpace(r):
			others++
		}
	}
	return letters >= 2*others
}

// ends reports whether a sentence has its end, and is no question. Scripts that need no marks are taken at
// their word.
func ends(text string) bool {
	last, _ := utf8.DecodeLastRuneInString(strings.TrimRight(text, "\"'”’»“)）」』"))
	switch last {
	case '?', '？', '؟', '…', ':':
		return false
	}
	return texts.EndsSentence(text) || unicode.In(last, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) && texts.MostlyUnspaced(text)
}

// leads reports an opening that is none of a sentence: a mark of a list, a number of a list or of a caption,
// a small letter.
func leads(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	if unicode.IsDigit(first) {
		rest := strings.TrimLeftFunc(text, unicode.IsDigit)
		return strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, ")") || strings.HasPrefix(rest, "、")
	}
	return !unicode.IsLetter(first) && !strings.ContainsRune("\"“„«»‘’'「『(（¿¡", first) || unicode.IsLower(first)
}

// pairs are brackets and quotes that are closed by another mark.
const pairs = "()（）「」『』«»【】《》〈〉“”"

// balanced reports whether what is opened in a sentence is closed there. Germans open with low quotes and
// close with what others open with.
func balanced(text string) bool {
	if strings.Count(text, "\"")%2 != 0 {
		return false
	}
	if strings.Contains(text, "„") {
		return strings.Count(text, "„") == strings.Count(text, "“")+strings.Count(text, "”") && strings.Count(text, "(") == strings.Count(text, ")")
	}
	marks := []rune(pairs)
	for i := 0; i < len(marks); i += 2 {
		if strings.Count(text, string(marks[i])) != strings.Count(text, string(marks[i+1])) {
			return false
		}
	}
	return true
}
