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

// scripts are those without spaces, and how many letters a term of each has at most.
var scripts = []struct {
	table *unicode.RangeTable
	most  int
}{
	{unicode.Han, 8}, {unicode.Katakana, 12}, {unicode.Thai, 12}, {unicode.Lao, 12}, {unicode.Khmer, 12}, {unicode.Myanmar, 12},
}

// findUnspaced adds the terms of scripts without spaces: substrings that repeat, and are in no longer one
// each time.
func (b *book) findUnspaced() {
	var stretches []stretch
	for i := range b.sentences {
		stretches = b.stretches(i, stretches)
	}
	found := map[string]*gram{}
	single := map[string]int{}
	total := 0
	for _, s := range stretches {
		total += len(s.letters) - 1
		for i := 0; i+1 < len(s.letters); i++ {
			single[b.cut(s, i, 1)]++
		}
	}
	for n := 2; n <= 12; n++ {
		if !b.count(stretches, n, found) {
			break
		}
	}
	candidates := map[string]*candidate{}
	for key, g := range found {
		if g.count >= 2 && g.leftV && g.rightV && coheres(key, g.count, total, func(part string) int {
			if p := found[part]; p != nil {
				return p.count
			}
			return single[part]
		}) {
			candidates[key] = &candidate{places: g.places}
		}
	}
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

// definedUnspaced adds what stands before a copula at the beginning of a sentence, however rare it is.
func (b *book) definedUnspaced(stretches []stretch, candidates map[string]*candidate) {
	added := map[string]bool{}
	for _, s := range b.sentences {
		l := b.languages[s.source]
		if !l.Joined || !s.fit || s.dangling {
			continue
		}
		for _, p := range l.is {
			i := strings.Index(s.text, strings.TrimSuffix(p, "!"))
			if i <= 0 || i > 3*mostLetters(s.text) {
				continue
			}
			if key := s.text[:i]; utf8.RuneCountInString(key) >= 2 && candidates[key] == nil && l.names(&s, 0, i) {
				added[key] = true
			}
		}
	}
	for _, s := range stretches {
		for i := range s.letters[:len(s.letters)-1] {
			for n := 2; i+n < len(s.letters); n++ {
				if key := b.cut(s, i, n); added[key] {
					if candidates[key] == nil {
						candidates[key] = &candidate{}
					}
					candidates[key].places = append(candidates[key].places, place{s.sentence, s.letters[i], s.letters[i+n], 0, 0})
				}
			}
		}
	}
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
	any := false
	for _, s := range stretches {
		text := b.sentences[s.sentence].text
		l := b.languages[b.sentences[s.sentence].source]
		for i := 0; i+n < len(s.letters); i++ {
			if n > 2 && (!twice(found[b.cut(s, i, n-1)]) || !twice(found[b.cut(s, i+1, n-1)])) {
				continue
			}
			key := b.cut(s, i, n)
			g := found[key]
			if g == nil {
				g = &gram{}
				found[key] = g
			}
			g.see(text, s, i, n)
			if edges(key, l) && n <= mostLetters(key) {
				g.places = append(g.places, place{s.sentence, s.letters[i], s.letters[i+n], 0, 0})
			}
			any = true
		}
	}
	for key, g := range found {
		if len(g.places) == 0 && g.count >= 2 {
			g.leftV = false // it is a step to longer ones only
		}
		if g.count < 2 && utf8.RuneCountInString(key) < n {
			delete(found, key)
		}
	}
	return any
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
