package citations

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// kind is what a token is.
type kind uint8

const (
	word   kind = iota // of a script that divides words by spaces, or of Katakana
	letter             // one character of a script without spaces
	digits             // with the separators between them
	mark               // any other sign
)

// token is a part of a text. Its text is in lower case and NFKC, without what is written or left out at will.
type token struct {
	text    string
	written string // before it was brought to lower case
	kind    kind
	gap     bool // whether a space or the beginning of the text is before it
	capital bool
}

// tokens divides a text.
func tokens(text string) []token {
	text = plain(text)
	found := make([]token, 0, len(text)/5)
	gap := true
	for text != "" {
		r, size := utf8.DecodeRuneInString(text)
		if unicode.IsSpace(r) {
			text, gap = text[size:], true
			continue
		}
		t := token{kind: mark, gap: gap}
		switch {
		case isDigit(r):
			t.kind, size = digits, literalEnd(text)
		case unspaced(r) && !unicode.Is(unicode.Katakana, r):
			t.kind = letter
		case unicode.IsLetter(r):
			t.kind, size = word, wordEnd(text)
		}
		t.written = text[:size]
		t.text = strings.ToLower(t.written)
		t.capital = t.kind == word && unicode.IsUpper(r)
		found = append(found, t)
		text, gap = text[size:], false
	}
	return found
}

// wordEnd returns where the word ends that a text begins with. Letters and digits may follow each other.
func wordEnd(text string) int {
	first, _ := utf8.DecodeRuneInString(text)
	katakana := unicode.Is(unicode.Katakana, first)
	for i, r := range text {
		if i == 0 {
			continue
		}
		if katakana {
			if !unicode.Is(unicode.Katakana, r) && r != 'ー' {
				return i
			}
			continue
		}
		apostrophe := r == '\'' && i+1 < len(text) && startsWithLetter(text[i+1:])
		if !unicode.IsMark(r) && !isDigit(r) && !apostrophe && (!unicode.IsLetter(r) || unspaced(r)) {
			return i
		}
	}
	return len(text)
}

func startsWithLetter(text string) bool {
	r, _ := utf8.DecodeRuneInString(text)
	return unicode.IsLetter(r)
}

// literalEnd returns where a number in digits ends, with its separators, or a date in figures.
func literalEnd(text string) int {
	end := digitsEnd(text)
	if date := dateEnd(text); date > 0 {
		return date
	}
	for end < len(text) {
		r, size := utf8.DecodeRuneInString(text[end:])
		next := digitsEnd(text[end+size:])
		if next == 0 {
			break
		}
		switch {
		case r == '.' || r == ',' || r == '\'' && next == 3:
		case r == ' ' && next == 3 && groups(text[:end]):
		default:
			return end
		}
		end += size + next
	}
	return end
}

// groups reports whether a number so far may be the first groups of three digits with spaces between them.
func groups(text string) bool {
	first, _, _ := strings.Cut(text, " ")
	return len(first) <= 3 && !strings.ContainsAny(text, ".,'")
}

func digitsEnd(text string) int {
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return i
		}
	}
	return len(text)
}

// dateEnd returns where a date in figures ends that a text begins with, day first or year first, or 0.
func dateEnd(text string) int {
	at := [3]int{}
	end := 0
	for i := range at {
		if i > 0 {
			if end >= len(text) || !strings.ContainsRune("./-", rune(text[end])) || i == 2 && text[end] != text[end-at[1]-1] {
				return 0
			}
			end++
		}
		at[i] = digitsEnd(text[end:])
		end += at[i]
	}
	more := end < len(text) && (text[end] == '.' || text[end] == '/') && digitsEnd(text[end+1:]) > 0
	short := func(n int) bool { return n == 1 || n == 2 }
	if !more && short(at[1]) && (short(at[0]) && (at[2] == 4 || at[2] == 2) || at[0] == 4 && short(at[2])) {
		return end
	}
	return 0
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// unspaced reports a character of a script without spaces between words.
func unspaced(r rune) bool {
	return r >= 0xE00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// plain returns a text in NFKC with digits of ASCII, without what is written or left out at will: dots below
// letters of Devanagari, vowel signs of Arabic, the dots of the Russian ё.
func plain(text string) string {
	if isASCII(text) {
		return text
	}
	var b strings.Builder
	before := ' '
	for _, r := range text {
		if isDigit(before) && !isDigit(r) && unicode.Is(unicode.No, r) {
			b.WriteByte(apart(r))
		}
		if r == '№' {
			r = ' '
		}
		b.WriteRune(r)
		before = r
	}
	return strings.Map(simplified, norm.NFKC.String(b.String()))
}

// apart returns what keeps a small number apart from the digits before it: a fraction is added to them, a
// power is not.
func apart(r rune) byte {
	if r >= '¼' && r <= '¾' || r >= '⅐' && r <= '⅞' {
		return ' '
	}
	return '^'
}

// simplified returns a character in the form that is compared, -1 for one that is left out.
func simplified(r rune) rune {
	switch {
	case r < 0x80:
		return r
	case r == '’' || r == '‘' || r == 'ʼ':
		return '\''
	case r == '‐' || r == '‑' || r == '‒' || r == '−':
		return '-'
	case r == '⁄':
		return '/'
	case r == 'ё':
		return 'е'
	case r == 'Ё':
		return 'Е'
	case r == 'ँ':
		return 'ं'
	case r == '़' || r == 'ـ' || r >= 'ً' && r <= 'ْ' || r == '\u00AD' || r >= '\u200B' && r <= '\u200F' || r == '\uFEFF':
		return -1
	case unicode.Is(unicode.Nd, r):
		zero := r &^ 0xF
		if !unicode.Is(unicode.Nd, zero) {
			zero += 6
		}
		return '0' + r - zero
	}
	return r
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
