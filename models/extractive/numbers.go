package extractive

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// figure is a number in a sentence: text[start:end].
type figure struct {
	start, end int
	kind       figureKind
	value      float64
	unit       string // the word after it
}

type figureKind int

// The kinds of numbers. Numbers of one kind can stand for each other.
const (
	other figureKind = iota // an ordinal, a part of a date, a range or a name: not asked for
	year
	percent
	decimal
	integer
)

// figures returns the numbers of a sentence.
func (l *language) figures(s *sentence) []figure {
	var found []figure
	for i := 0; i < len(s.words); i++ {
		w := s.words[i]
		if !w.digits {
			continue
		}
		f := figure{start: w.start, end: w.end}
		last := i
		for last+1 < len(s.words) && grouped(s.text, s.words[last], s.words[last+1], last == i) {
			last++
			f.end = s.words[last].end
		}
		f.value, f.kind = l.read(s.text[f.start:f.end])
		if f.kind != other {
			f.unit, f.kind = l.context(s, i, last, f)
		}
		found = append(found, f)
		i = last
	}
	return found
}

// grouped reports whether a word of digits goes on after a space: 12 500.
func grouped(text string, a, b word, first bool) bool {
	gap := text[a.end:b.start]
	return b.digits && (gap == " " || gap == "\u00a0" || gap == "\u202f") && digitsOnly(text[b.start:b.end]) == 3 && (first && digitsOnly(text[a.start:a.end]) > 0 && digitsOnly(text[a.start:a.end]) <= 3 || !first)
}

// digitsOnly returns how many digits a text has; 0 where it has something else.
func digitsOnly(text string) int {
	n := 0
	for _, r := range text {
		if !unicode.IsDigit(r) {
			return 0
		}
		n++
	}
	return n
}

// read returns the value of a number as it is written in a language.
func (l *language) read(text string) (float64, figureKind) {
	point := '.'
	if l.Comma {
		point = ','
	}
	var plain strings.Builder
	kind := integer
	for _, r := range text {
		switch {
		case unicode.IsDigit(r):
			plain.WriteByte('0' + byte(digit(r)))
		case r == point || r == '٫':
			plain.WriteByte('.')
			kind = decimal
		case strings.ContainsRune(".,'’٬ \u00a0\u202f", r):
		default:
			return 0, other
		}
	}
	value, err := strconv.ParseFloat(plain.String(), 64)
	if err != nil {
		return 0, other
	}
	return value, kind
}

// digit returns the value of a digit of any script: those of a script follow each other.
func digit(r rune) int {
	n := 0
	for n < 9 && unicode.IsDigit(r-rune(n)-1) {
		n++
	}
	if r >= '0' && r <= '9' {
		return int(r - '0')
	}
	return n
}

// context returns the unit of a number and the kind that what stands around it makes it.
func (l *language) context(s *sentence, first, last int, f figure) (string, figureKind) {
	rest := s.text[f.end:]
	if l.partOfMore(s.text[:f.start], rest) {
		return "", other
	}
	if strings.ContainsRune("%％٪", firstOf(strings.TrimLeft(rest, " \u00a0\u202f"))) {
		return "%", percent
	}
	unit, prev := "", ""
	if last+1 < len(s.words) && (s.words[last+1].joined || s.words[last+1].start == f.end) {
		unit = s.words[last+1].lower
	}
	if first > 0 {
		prev = s.words[first-1].lower
	}
	const days, mostOfDates, least = 32, 100, 10
	switch {
	case l.date[unit] && f.value < mostOfDates || l.date[prev] && f.value < days:
		return "", other
	case digitsOnly(s.text[f.start:f.end]) == 4 && f.value >= 1000 && f.value <= 2100:
		return unit, l.yearOr(unit, prev)
	case f.kind == integer && f.value < least || l.Joined && f.value < 1000 && l.year[unit]:
		return unit, other
	case first > 1 && !l.Capitals && s.words[first-1].joined && !s.words[first-1].stop && capitalised(s.text[s.words[first-1].start:]):
		return unit, other // Apollo 11
	}
	return unit, f.kind
}

// partOfMore reports whether a number is part of a range, a date, a time, an ordinal or a name.
func (l *language) partOfMore(before, rest string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next := firstOf(rest)
	switch {
	case strings.ContainsRune("-–—/:~～第#№.,", last), strings.ContainsRune("-–—/:~～°′″", next):
		return true
	case next == '.' && len(rest) > 1:
		return true
	case l.Joined || l.Particles:
		for d := range l.date {
			if strings.HasPrefix(rest, d) {
				return true
			}
		}
		return false
	}
	return startsInWord(rest)
}

// yearOr returns whether four digits are a year, a measure, or either.
func (l *language) yearOr(unit, prev string) figureKind {
	switch {
	case l.units[unit]:
		return integer
	case unit == "" || l.year[unit] || !l.Joined && (l.stop[unit] || l.year[prev]):
		return year
	}
	return other
}

func firstOf(text string) rune {
	r, _ := utf8.DecodeRuneInString(text)
	return r
}
