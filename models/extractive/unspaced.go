package extractive

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// gram counts a string of letters, and says whether more than one thing stands on each side of it.
type gram struct {
	count         int
	left, right   rune // the first one seen
	leftV, rightV bool
	places        []place
}

// stretch is a run of letters of one script without stop words: a sentence's text[start:end].
type stretch struct {
	sentence int
	letters  []int // where each begins, and where the last one ends
}

// longestUnspaced is how many letters a term has at most.
const longestUnspaced = 12

// scripts are those without spaces, and how many letters a term of each has at most.
var scripts = []struct {
	table *unicode.RangeTable
	most  int
}{
	{unicode.Han, 8}, {unicode.Katakana, longestUnspaced}, {unicode.Thai, longestUnspaced}, {unicode.Lao, longestUnspaced}, {unicode.Khmer, longestUnspaced}, {unicode.Myanmar, longestUnspaced},
}

// findUnspaced adds the terms of scripts without spaces: substrings that repeat, and are in no longer one
// each time.
func (b *book) findUnspaced() {
	var stretches []stretch
	for i := range b.sentences {
		stretches = b.stretches(i, stretches)
	}
	found := map[string]*gram{}
	for n := 2; b.count(stretches, n, found); {
		n++
	}
	candidates := b.cohering(stretches, found)
	b.definedUnspaced(stretches, candidates)
	nest(candidates, func(key string, visit func(string)) {
		for i := range key {
			for j := i + 1; j <= len(key); j++ {
				if (i > 0 || j < len(key)) && boundary(key, j) {
					visit(key[i:j])
				}
			}
		}
	})
	for key, c := range candidates {
		b.addTerm([]string{key}, c, math.Log2(float64(utf8.RuneCountInString(key))))
	}
}

// cohering returns the strings that may be terms.
func (b *book) cohering(stretches []stretch, found map[string]*gram) map[string]*candidate {
	single, total := map[string]int{}, 0
	for _, s := range stretches {
		total += len(s.letters) - 1
		for i := range s.letters[1:] {
			single[b.cut(s, i, 1)]++
		}
	}
	counts := func(part string) int {
		if p := found[part]; p != nil {
			return p.count
		}
		return single[part]
	}
	candidates := map[string]*candidate{}
	for key, g := range found {
		if len(g.places) >= 2 && g.leftV && g.rightV && coheres(key, g.count, total, counts) {
			candidates[key] = &candidate{places: g.places}
		}
	}
	return candidates
}

// definedUnspaced adds what stands before a copula at the beginning of a sentence, however rare it is.
func (b *book) definedUnspaced(stretches []stretch, candidates map[string]*candidate) {
	added := map[string]bool{}
	for i := range b.sentences {
		if key := b.subject(&b.sentences[i]); candidates[key] == nil {
			added[key] = true
		}
	}
	if len(added) == 0 {
		return
	}
	for _, s := range stretches {
		for i := range s.letters {
			for j := i + 2; j < min(len(s.letters), i+longestUnspaced+1); j++ {
				if key := b.cut(s, i, j-i); added[key] {
					candidates[key] = candidates[key].with(place{s.sentence, s.letters[i], s.letters[j], 0, 0})
				}
			}
		}
	}
}

// subject returns what a sentence defines at its beginning, "" where that is nothing.
func (b *book) subject(s *sentence) string {
	l := b.languages[s.source]
	if !l.Joined || !s.fit || s.dangling {
		return ""
	}
	for _, p := range l.is {
		end := strings.Index(s.text, strings.TrimSuffix(p, "!"))
		if end > 0 && utf8.RuneCountInString(s.text[:end]) <= mostLetters(s.text) && l.names(s, 0, end) {
			return s.text[:end]
		}
	}
	return ""
}

// with returns a candidate, nil or not, with one place more.
func (c *candidate) with(p place) *candidate {
	if c == nil {
		c = &candidate{}
	}
	c.places = append(c.places, p)
	return c
}

// stretches adds those of a sentence.
func (b *book) stretches(i int, found []stretch) []stretch {
	s, l := &b.sentences[i], b.languages[b.sentences[i].source]
	text := s.text
	for _, w := range l.stopped { // as long as they were, so that places stay
		text = strings.ReplaceAll(text, w, strings.Repeat(" ", len(w)))
	}
	var letters []int
	var script *unicode.RangeTable
	end := 0
	flush := func() {
		if len(letters) > 1 {
			found = append(found, stretch{i, append(letters, end)})
		}
		letters, script = nil, nil
	}
	for at, r := range text {
		switch {
		case r == 'ー' && script == unicode.Katakana, unicode.IsMark(r) && script != nil:
			letters, end = append(letters, at), at+utf8.RuneLen(r)
			continue
		case script == nil || !unicode.Is(script, r):
			flush()
			script = scriptOf(r)
		}
		if script != nil {
			letters, end = append(letters, at), at+utf8.RuneLen(r)
		}
	}
	flush()
	return found
}

func scriptOf(r rune) *unicode.RangeTable {
	if r < 0xE00 {
		return nil
	}
	for _, s := range scripts {
		if unicode.Is(s.table, r) {
			return s.table
		}
	}
	return nil
}

// cut returns n letters of a stretch.
func (b *book) cut(s stretch, i, n int) string {
	return b.sentences[s.sentence].text[s.letters[i]:s.letters[i+n]]
}

// count counts the strings of n letters whose two ends were seen twice, and reports whether there are any.
func (b *book) count(stretches []stretch, n int, found map[string]*gram) bool {
	some := false
	for _, s := range stretches {
		text := b.sentences[s.sentence].text
		l := b.languages[b.sentences[s.sentence].source]
		for i := 0; i+n < len(s.letters) && n <= mostLetters(text[s.letters[0]:]); i++ {
			if n > 2 && (!twice(found[b.cut(s, i, n-1)]) || !twice(found[b.cut(s, i+1, n-1)])) {
				continue
			}
			some = true
			key := b.cut(s, i, n)
			g := found[key]
			if g == nil {
				g = &gram{}
				found[key] = g
			}
			g.see(text, s, i, n)
			if edges(key, l) {
				g.places = append(g.places, place{s.sentence, s.letters[i], s.letters[i+n], 0, 0})
			}
		}
	}
	return some
}

func twice(g *gram) bool { return g != nil && g.count >= 2 }

// see counts a string and what stands beside it. The end of a stretch is as good as two letters.
func (g *gram) see(text string, s stretch, i, n int) {
	g.count++
	left, right := rune(0), rune(0)
	if i == 0 {
		g.leftV = true
	} else {
		left, _ = utf8.DecodeRuneInString(text[s.letters[i-1]:])
	}
	if i+n == len(s.letters)-1 {
		g.rightV = true
	} else {
		right, _ = utf8.DecodeRuneInString(text[s.letters[i+n]:])
	}
	if g.count == 1 {
		g.left, g.right = left, right
	}
	g.leftV = g.leftV || left != g.left
	g.rightV = g.rightV || right != g.right
}

// edges reports whether a string may begin and end a term.
func edges(key string, l *language) bool {
	first, _ := utf8.DecodeRuneInString(key)
	last, _ := utf8.DecodeLastRuneInString(key)
	return !unicode.IsMark(first) && !strings.ContainsRune(l.notFirst, first) && !strings.ContainsRune(l.notLast, last)
}

func mostLetters(key string) int {
	first, _ := utf8.DecodeRuneInString(key)
	for _, s := range scripts {
		if unicode.Is(s.table, first) {
			return s.most
		}
	}
	return 0
}

// coheres reports whether the parts of a string are together far more often than by chance, wherever it is
// cut, and whether a string of Thai has the four letters that a word of more than grammar has.
func coheres(key string, count, total int, counts func(string) int) bool {
	const times = 6
	first, _ := utf8.DecodeRuneInString(key)
	if unicode.In(first, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar) && utf8.RuneCountInString(key) < 4 {
		return false
	}
	for i := range key {
		if i == 0 {
			continue
		}
		if float64(count)*float64(total) < times*float64(max(counts(key[:i]), 1))*float64(max(counts(key[i:]), 1)) {
			return false
		}
	}
	return true
}
