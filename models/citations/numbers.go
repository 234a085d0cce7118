package citations

import (
	"math"
	"strconv"
	"strings"
)

// form is how a quantity is compared.
type form uint8

const (
	amount  form = iota
	month        // 1 to 12
	century      // its number
	decade       // its first year, or only the last two figures of that
)

// quantity is a number that a text says, with what it counts as far as that is a unit.
type quantity struct {
	form     form
	values   []float64 // what it may mean, the likeliest first
	units    []string  // names of units, none for a mere number
	step     float64   // a unit of its last figure
	decimals bool      // whether it has figures after the point
	scaled   bool      // written with a word such as million
	literal  bool      // written in figures
	ordinal  bool
	fraction bool
	signed   bool
	optional bool // a word that is often no number, such as one
	hedge    byte // ~ about, > over, < under
	from, to int  // its tokens
	covers   [2]int
	written  string
}

// reader reads the quantities of a text.
type reader struct {
	ts  []token
	lex *lexicon
	out []quantity
}

// quantities returns the quantities of a text.
func quantities(ts []token, lex *lexicon) []quantity {
	r := reader{ts: ts, lex: lex}
	for i := 0; i < len(ts); {
		i = max(r.one(i), i+1)
	}
	r.ranges()
	r.shares()
	for i := range r.out {
		q := &r.out[i]
		q.hedge = r.hedge(q.from)
		if q.written == "" {
			q.written = writtenAs(ts[q.from:q.to])
		}
	}
	return r.out
}

func writtenAs(ts []token) string {
	var b strings.Builder
	for i, t := range ts {
		if t.gap && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(t.written)
	}
	return b.String()
}

// one reads what begins at a token and returns the place after it, or the same place.
func (r *reader) one(i int) int {
	t := r.ts[i]
	switch {
	case t.kind == digits && dateEnd(t.text) == len(t.text):
		return r.date(i)
	case t.kind == digits && r.clock(i):
		return i + 3
	case t.kind == digits:
		return r.finish(r.sum(i))
	case t.kind == letter:
		return r.ideographs(i)
	case t.kind == word && r.roman(i):
		return i + 1
	case t.kind == word:
		if value, ok := r.lex.months[t.text]; ok && r.isMonth(i) {
			r.emit(quantity{form: month, values: []float64{value}, from: i, to: i + 1})
			return i + 1
		}
		if value, ok := r.lex.decades[t.text]; ok {
			r.emit(quantity{form: decade, values: []float64{value}, from: i, to: i + 1})
			return i + 1
		}
		if r.vague(i) {
			return i + 1
		}
		if q, next := r.sum(i); next > i {
			return r.finish(q, next)
		}
		return r.measure(i)
	}
	return i
}

func (r *reader) emit(q quantity) { r.out = append(r.out, q) }

// at returns a token, and an empty one beyond the ends.
func (r *reader) at(i int) token {
	if i < 0 || i >= len(r.ts) {
		return token{kind: mark}
	}
	return r.ts[i]
}

// date reads a date in figures: the day and the month in either order where both are possible.
func (r *reader) date(i int) int {
	parts := strings.FieldsFunc(r.ts[i].text, func(c rune) bool { return !isDigit(c) })
	var n [3]float64
	for k, part := range parts {
		n[k], _ = strconv.ParseFloat(part, 64)
	}
	y, m, d := n[2], n[1], n[0]
	if len(parts[0]) == 4 {
		y, d = n[0], n[2]
	}
	months, days := []float64{m}, []float64{d}
	if strings.Contains(r.ts[i].text, "/") && r.lex.language == "en" && d <= 12 {
		months, days = append(months, d), append(days, m)
	}
	if m > 12 {
		months, days = []float64{d}, []float64{m}
	}
	years := []float64{y}
	if len(parts[2]) == 2 && len(parts[0]) != 4 {
		years = append(years, y+1900, y+2000)
	}
	for k, values := range [][]float64{days, months, years} {
		q := quantity{values: values, step: 1, literal: true, from: i, to: i + 1}
		if k == 1 {
			q.form = month
		}
		r.emit(q)
	}
	return i + 1
}

// clock reads a time such as 14:30 or 2:30 p.m.
func (r *reader) clock(i int) bool {
	minutes := r.at(i + 2)
	if r.at(i+1).text != ":" || minutes.kind != digits || minutes.gap || len(minutes.text) != 2 || len(r.ts[i].text) > 2 {
		return false
	}
	h, _ := strconv.ParseFloat(r.ts[i].text, 64)
	m, _ := strconv.ParseFloat(minutes.text, 64)
	hours := []float64{h}
	if next := r.at(i + 3).text; next == "pm" || next == "p" {
		hours = []float64{h + 12, h}
	}
	r.emit(quantity{values: hours, step: 1, literal: true, from: i, to: i + 3})
	if m > 0 {
		r.emit(quantity{values: []float64{m}, step: 1, literal: true, from: i, to: i + 3})
	}
	return true
}

// roman reads a number in Roman figures: of at least two, or of one after a name or beside the word for century.
func (r *reader) roman(i int) bool {
	t := r.ts[i]
	figures := strings.NewReplacer("Х", "X", "І", "I", "е", "", "e", "").Replace(t.written)
	value := romanValue(figures)
	if value == 0 || figures != strings.ToUpper(figures) {
		return false
	}
	beside := r.lex.has("centuries", r.at(i-1).text) || r.lex.has("centuries", r.at(i+1).text)
	named := r.at(i-1).capital && r.at(i-1).kind == word && (figures != "I" || r.lex.language != "en")
	if len(figures) < 2 && !beside && !named {
		return false
	}
	q := quantity{values: []float64{value}, step: 1, ordinal: true, from: i, to: i + 1}
	if beside {
		q.form = century
	}
	r.emit(q)
	return true
}

// romanValue returns the value of a number below forty in Roman figures, 0 for anything else.
func romanValue(figures string) float64 {
	tens := strings.Count(figures, "X")
	for ones, form := range []string{"", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"} {
		for n := range min(tens, 3) + 1 {
			if n+ones > 0 && figures == strings.Repeat("X", n)+form {
				return float64(10*n + ones)
			}
		}
	}
	return 0
}

// isMonth reports whether the name of a month is one here: some are words of other meaning too.
func (r *reader) isMonth(i int) bool {
	if !r.lex.has("ambiguous", r.ts[i].text) {
		return true
	}
	near := r.at(i-1).kind == digits || r.at(i+1).kind == digits || r.at(i-1).text == "." || r.at(i-1).text == "of"
	before := r.at(i - 1).text
	return r.ts[i].capital && (near || before == "in" || before == "since" || before == "until" || before == "im" || before == "seit")
}

// vague reports a word after a word such as several: hundreds that nobody counted.
func (r *reader) vague(i int) bool {
	entries := r.lex.numbers[r.ts[i].text]
	return len(entries) > 0 && entries[0].class == 's' && r.lex.has("vague", r.at(i-1).text)
}

// measure reads a word that is a number of a unit by itself, such as fortnight, or a century and a half.
func (r *reader) measure(i int) int {
	m, ok := r.lex.measures[r.ts[i].text]
	if !ok {
		return i
	}
	next := i + 1
	value := m.value
	if after := r.halfAfter(next); after > next {
		value, next = value*1.5, after
	}
	q := quantity{values: []float64{value}, step: stepOf(value), from: i, to: next}
	q.optional = next == i+1 && r.lex.has("optional", r.ts[i].text)
	if m.unit != "" {
		q.units = []string{m.unit}
	}
	r.emit(q)
	return next
}

// stepOf returns the unit of the last figure that is not a zero.
func stepOf(value float64) float64 {
	if value == 0 || value != math.Trunc(value) {
		return 0
	}
	step := 1.0
	for math.Mod(value, step*10) == 0 {
		step *= 10
	}
	return step
}

// hedge returns how exact a number is meant by the words before it.
func (r *reader) hedge(from int) byte {
	for i := from - 1; i >= max(0, from-3); i-- {
		t := r.ts[i]
		if t.kind == digits || t.text == "," || t.text == "." {
			return 0
		}
		for n := range min(mostLetters, from-i) {
			if h := r.lex.hedges[joinedText(r.ts[i:i+n+1])]; h == '?' {
				return r.than(i)
			} else if h != 0 {
				return h
			}
		}
	}
	return 0
}

// than returns what the word before than says.
func (r *reader) than(i int) byte {
	switch r.at(i - 1).text {
	case "more", "higher", "longer", "larger", "greater":
		return '>'
	case "less", "fewer", "lower":
		return '<'
	}
	return 0
}
