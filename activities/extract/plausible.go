package extract

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// mostJudged is how many bytes of a text are looked at.
const mostJudged = 256 << 10

// plausible tells a text from one that was read in a wrong encoding. It looks at the words
// that are not plain ASCII, since only those can be wrong: a word of one language does not
// mix scripts, does not change from small letters to capitals, is not all accents, and has
// no signs such as ½ or ¶ inside.
func plausible(text string) bool {
	text = text[:min(len(text), mostJudged)]
	var odd, words, broken, runes int
	var word wordSeen
	end := func() {
		if word.foreign > 0 {
			words++
			if word.odd() {
				odd++
			}
		}
		word = wordSeen{}
	}
	for len(text) > 0 {
		r, width := utf8.DecodeRuneInString(text)
		text = text[width:]
		runes++
		switch {
		case r == utf8.RuneError, r >= 0x80 && r < 0xa0, unicode.Is(unicode.Co, r):
			broken++
			end()
		case unicode.IsLetter(r) || unicode.IsMark(r) || sign(r):
			word.add(r)
		default:
			end()
		}
	}
	end()
	return broken*200 <= runes && odd*10 <= words
}

// sign tells what stands in texts, but not within words: signs, and parts of frames.
func sign(r rune) bool { return signs[r] || r >= 0x2500 && r < 0x2600 }

var signs = func() map[rune]bool {
	set := map[rune]bool{}
	for _, r := range "¡¢£¤¥¦§¨©«¬®¯°±²³´¶·¸¹»¼½¾¿×÷†‡‰™€" {
		set[r] = true
	}
	return set
}()

// wordSeen is what was seen of a word so far.
type wordSeen struct {
	letters, foreign int  // foreign: not ASCII
	inside           int  // signs with a letter before and after
	rises            int  // capitals after small letters, one of both not ASCII
	changes          int  // of script
	latin, eastern   int  // letters
	within           bool // eastern letters with Latin ones before and after
	last             rune
	script           *unicode.RangeTable
}

var (
	// halfWidth are letters of old terminals, which stand by themselves.
	halfWidth = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0xff61, Hi: 0xff9f, Stride: 1}}}
	// eastern scripts stand together in words, and next to Latin.
	eastern = rangetable.Merge(unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo)
	scripts = []*unicode.RangeTable{unicode.Latin, unicode.Cyrillic, unicode.Greek, unicode.Hebrew, unicode.Arabic, unicode.Thai, halfWidth, eastern}
)

func (w *wordSeen) add(r rune) {
	if sign(r) {
		w.last = r
		return
	}
	if sign(w.last) && w.letters > 0 {
		w.inside++
	}
	if unicode.IsUpper(r) && unicode.IsLower(w.last) && (r >= 0x80 || w.last >= 0x80) {
		w.rises++
	}
	if r >= 0x80 {
		w.foreign++
	}
	w.letters++
	w.of(scriptOf(r))
	w.last = r
}

// of counts what goes on from one script to another; nil is of all.
func (w *wordSeen) of(script *unicode.RangeTable) {
	switch {
	case script == nil:
		return
	case w.script == nil || script == w.script:
	case script == eastern && w.script == unicode.Latin:
	case script == unicode.Latin && w.script == eastern:
		w.within = w.within || w.latin > 0
	default:
		w.changes++
	}
	switch script {
	case unicode.Latin:
		w.latin++
	case eastern:
		w.eastern++
	}
	w.script = script
}

func (w *wordSeen) odd() bool {
	accents := w.latin == w.letters && w.letters >= 3 && w.foreign*3 > w.letters*2
	broken := w.within && w.latin >= 2*w.eastern
	return w.inside > 0 || w.rises > 0 || w.changes > 0 || accents || broken
}

func scriptOf(r rune) *unicode.RangeTable {
	for _, s := range scripts {
		if unicode.Is(s, r) {
			return s
		}
	}
	return nil
}
