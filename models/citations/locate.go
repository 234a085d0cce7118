package citations

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// locate returns where a quote is in a source, in bytes of the source, or -1. Both are compared in NFC, any
// white space is like any other, and a quote neither begins nor ends within a word or a number. Of several
// places it is the one next to where the quote is said to be.
func locate(source, quote string, said int) (start, end int) {
	fields := strings.Fields(quote)
	if len(fields) == 0 {
		return -1, -1
	}
	if start, end = nearest(source, fields, said, nil); start >= 0 {
		return start, end
	}
	fields = strings.Fields(norm.NFC.String(quote)) // only now: it takes longer than to look
	if surelyComposed(source) || norm.NFC.IsNormalString(source) {
		return nearest(source, fields, said, nil)
	}
	text, offsets := composed(source)
	if start, end = nearest(text, fields, said, offsets); start < 0 {
		return -1, -1
	}
	return offsets[start], offsets[end]
}

// surelyComposed reports a text that is in NFC by the looks of its characters, several times faster than the
// library tells it. Most texts without marks that could be part of the letter before them are found.
func surelyComposed(text string) bool {
	before := ' '
	for _, r := range text {
		if r >= 0x300 && !standsAlone(r) && (r != '़' || strings.ContainsRune("नरळ्", before)) {
			return false
		}
		before = r
	}
	return true
}

// standsAlone reports characters of the commonest scripts that neither are composed of others nor become part of
// them, but for the dot of Devanagari.
func standsAlone(r rune) bool {
	switch {
	case r >= 0x400 && r < 0x483, r >= 0x900 && r < 0x958 && r != '़', r >= 0x960 && r < 0x980, r >= 0x2010 && r < 0x2027,
		r >= 0x3000 && r < 0x3099, r > 0x30A0 && r < 0x3130, r >= 0x4E00 && r < 0xA000, r >= 0xAC00 && r < 0xD7A4, r >= 0xFF00 && r < 0xFFF0:
		return true
	}
	return false
}

// composed returns a text in NFC, and for each of its bytes and its end the byte of the text as it was.
func composed(source string) (string, []int) {
	var (
		to      strings.Builder
		offsets = make([]int, 0, len(source)+1)
		iter    norm.Iter
	)
	iter.InitString(norm.NFC, source)
	for !iter.Done() {
		at := iter.Pos()
		segment := iter.Next()
		to.Write(segment)
		for range segment {
			offsets = append(offsets, at)
		}
	}
	return to.String(), append(offsets, len(source))
}

// nearest returns the place of the words that is next to the one said, or the first for an unknown one.
func nearest(text string, fields []string, said int, offsets []int) (start, end int) {
	start, end = -1, -1
	for from := 0; from < len(text); {
		at := strings.Index(text[from:], fields[0])
		if at < 0 {
			break
		}
		at += from
		from = at + len(fields[0])
		stop := matched(text, at, fields)
		if stop < 0 || cuts(text, at) || cuts(text, stop) {
			continue
		}
		place, best := at, start
		if offsets != nil {
			place = offsets[at]
			if best >= 0 {
				best = offsets[best]
			}
		}
		if start < 0 || abs(place-said) < abs(best-said) {
			start, end = at, stop
		}
		if said < 0 || place >= said {
			break
		}
	}
	return start, end
}

// matched returns where words end that begin at a place, with any white space between them, or -1.
func matched(text string, at int, fields []string) int {
	for i, field := range fields {
		if i > 0 {
			trimmed := strings.TrimLeftFunc(text[at:], unicode.IsSpace)
			if len(trimmed) == len(text)-at {
				return -1
			}
			at = len(text) - len(trimmed)
		}
		if !strings.HasPrefix(text[at:], field) {
			return -1
		}
		at += len(field)
	}
	return at
}

// cuts reports whether a place is within a word or a number.
func cuts(text string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(text[:at])
	after, size := utf8.DecodeRuneInString(text[at:])
	switch {
	case unicode.IsDigit(before) && unicode.IsDigit(after):
		return true
	case unicode.IsDigit(before) && (after == '.' || after == ','):
		next, _ := utf8.DecodeRuneInString(text[at+size:])
		return unicode.IsDigit(next)
	case unicode.IsDigit(after) && (before == '.' || before == ','):
		before, _ = utf8.DecodeLastRuneInString(text[:at-1])
		return unicode.IsDigit(before)
	}
	return spelled(before) && (spelled(after) || unicode.IsMark(after))
}

// spelled reports a letter or mark of a script that divides words by spaces.
func spelled(r rune) bool { return (unicode.IsLetter(r) || unicode.IsMark(r)) && !unspaced(r) }

// The sizes of what is looked at beside a quote: in sentences each way, the rest in bytes.
const (
	sentencesBeside = 2
	mostBeside      = 1200
	mostBeginning   = 300
)

// surroundings returns the sentences before a quote, with the beginning of the quote's own, and those after it.
func surroundings(source string, start, end int) (before, after string) {
	before = source[wholeRune(source, max(0, start-mostBeside)):start]
	if ends := terminators(before); len(ends) > sentencesBeside {
		before = before[ends[len(ends)-sentencesBeside-1]:]
	}
	after = source[end:wholeRune(source, min(len(source), end+mostBeside))]
	if ends := terminators(after); len(ends) > sentencesBeside {
		after = after[:ends[sentencesBeside]]
	}
	return before, after
}

// terminators returns where the sentences of a text end: after marks that are followed by a space, and after
// those of scripts without spaces.
func terminators(text string) []int {
	var ends []int
	for i, r := range text {
		next := i + utf8.RuneLen(r)
		switch r {
		case '.', '!', '?', '؟', '۔':
			if next == len(text) || text[next] == ' ' || text[next] == '\n' {
				ends = append(ends, next)
			}
		case '。', '！', '？', '।', '\n':
			ends = append(ends, next)
		}
	}
	return ends
}

// beginning returns the first sentence of a source, which often names what it is about.
func beginning(source string) string {
	first := source[:wholeRune(source, min(len(source), mostBeginning))]
	if ends := terminators(first); len(ends) > 0 {
		return first[:ends[0]]
	}
	return first
}

// lastClause returns what is after the last mark of a text, firstClause what is before the first.
func lastClause(text string) string {
	at := strings.LastIndexFunc(text, clauseMark)
	if at < 0 {
		return text
	}
	_, size := utf8.DecodeRuneInString(text[at:])
	return text[at+size:]
}

func firstClause(text string) string {
	if at := strings.IndexFunc(text, clauseMark); at >= 0 {
		return text[:at]
	}
	return text
}

// wholeClauses returns a quote with what is before and after it in the clauses that it begins and ends in.
func wholeClauses(before, quote, after string) string {
	if strings.TrimRightFunc(quote, clauseMark) == quote {
		quote += firstClause(after)
	}
	return lastClause(before) + quote
}

// clauseMark reports the marks that end clauses.
func clauseMark(r rune) bool {
	return strings.ContainsRune(".,;:!?()\n—。，；：！？（）।؟،؛۔", r)
}

// wholeRune returns the first beginning of a character at a place or after it.
func wholeRune(text string, at int) int {
	for at < len(text) && !utf8.RuneStart(text[at]) {
		at++
	}
	return at
}

func abs(n int) int { return max(n, -n) }
