package citations

import (
	"math"
	"strconv"
	"strings"
)

// sum adds up the words of a number.
type sum struct {
	total, cur, scale, extra float64
	any, literal, plain      bool
}

// cardinal takes a number below a thousand, or reports that it is not part of the same number.
// English years are in pairs, and French counts to twenty from sixty and from eighty on.
func (s *sum) cardinal(v float64, language string) bool {
	fits := s.cur == 0 || !s.literal && v < stepOf(s.cur) && v > 0
	if language == "fr" && s.cur > 0 && !s.literal {
		tens := math.Mod(s.cur, 100)
		fits = fits || (tens == 60 || tens == 80) && v < 20 || tens == 4 && v == 20
		if tens == 4 && v == 20 {
			v = 76
		}
	}
	pair := language == "en" && !s.literal && s.total == 0 && s.cur > 9 && s.cur < 21 && v > 9 && v < 100
	switch {
	case pair:
		s.cur = 100*s.cur + v
	case !fits || s.scale > 0 && s.cur == 0 && v >= s.scale || s.any && s.plain:
		return false
	default:
		s.cur += v + s.extra
	}
	s.any, s.extra, s.plain = true, 0, v == 0
	return true
}

// multiply takes a hundred, a thousand and so on.
func (s *sum) multiply(v float64) {
	s.any = true
	switch {
	case v <= 100 && v != 12 && s.cur < 100 && s.total == 0 || v == 100 && s.cur < 100 && s.cur > 0:
		s.cur = math.Max(s.cur, b2f(s.cur == 0)) * v
		if v == 10 {
			s.scale = v
		}
	case s.scale > 0 && v >= s.scale && s.total+s.cur > 0:
		s.total, s.cur, s.scale = (s.total+s.cur)*v, 0, v
	default:
		s.total, s.cur, s.scale = s.total+math.Max(s.cur, b2f(s.cur == 0))*v, 0, v
	}
}

// b2f returns 1 for true: what a number without a word for one begins with.
func b2f(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (s *sum) value() float64 { return s.total + s.cur }

// sum reads the number of figures and words that begins at a token, and returns the place after it.
func (r *reader) sum(i int) (quantity, int) {
	var s sum
	q := quantity{from: i}
	j := i
	if r.ts[i].kind == digits {
		value, decimals := literal(r.ts[i].text, r.lex)
		s = sum{cur: value, any: true, literal: true}
		q.literal, q.decimals, q.signed = true, decimals > 0, r.negative(i)
		q.step = math.Pow(10, -float64(decimals))
		j = r.slashed(&s, i+1)
	}
	j = r.words(&s, &q, j)
	if !s.any || j == i {
		return q, i
	}
	value := s.value()
	if q.signed {
		value = -value
	}
	if q.values = append(q.values, value); q.decimals && s.scale > 0 {
		q.step *= s.scale
	} else if !q.decimals {
		q.step = math.Max(stepOf(math.Abs(value)), b2f(value == 0))
	}
	q.scaled = s.scale >= 1000
	q.optional = j == i+1 && r.lex.has("optional", r.ts[i].text) || !q.literal && !r.lex.judged()
	q.to = j
	return q, j
}

// words takes the words of a number from a token on.
func (r *reader) words(s *sum, q *quantity, j int) int {
	for j < len(r.ts) {
		if after := r.halfAfter(j); s.any && after > j {
			s.cur += 0.5
			if s.scale >= 1000 {
				s.total, s.cur = s.total+s.scale/2, s.cur-0.5
			}
			j = after
			continue
		}
		next := r.joined(s, j)
		if next >= len(r.ts) || r.ts[next].kind != word {
			return j
		}
		if after := r.decimalWords(s, q, next); after > next {
			return after
		}
		entries := r.entries(next)
		if len(entries) == 0 || !r.take(s, q, entries, next) {
			return j
		}
		j = next + 1
		if q.ordinal || q.fraction {
			return r.ofScale(s, q, j)
		}
	}
	return j
}

// entries returns what a word may mean as a number. German ones may be written as one word.
func (r *reader) entries(i int) []numeral {
	t := r.ts[i]
	if entries, ok := r.lex.numbers[t.text]; ok {
		return entries
	}
	if r.lex.language == "de" {
		return germanNumber(t.text)
	}
	return nil
}

// take takes the first meaning of a word that fits, and reports whether one did.
func (r *reader) take(s *sum, q *quantity, entries []numeral, at int) bool {
	taken := false
	for _, e := range entries {
		switch e.class {
		case 'c':
			taken = s.cardinal(e.value, r.lex.language) || taken
		case 's':
			if s.any || r.alone(at) {
				s.multiply(e.value)
				taken = true
			}
		case 'p':
			if next := r.at(at + 1).text; !s.any {
				s.extra, taken = e.value, true
				if n := r.lex.numbers[next]; len(n) == 0 || n[0].class != 'c' {
					s.extra = 0
					s.cur, s.any = 1+e.value, true
				}
			}
		case 'o':
			taken = r.takeOrdinal(s, q, e.value, at) || taken
		case 'f':
			taken = takeFraction(s, q, e.value, taken) || taken
		}
	}
	return taken
}

// alone reports whether a scale may begin a number: a word such as million may, hundreds may not.
func (r *reader) alone(at int) bool { return r.lex.has("alone", r.ts[at].text) }

// takeOrdinal takes the last word of an ordinal, which after another number may name its fraction.
func (r *reader) takeOrdinal(s *sum, q *quantity, value float64, at int) bool {
	before, had := s.value(), s.any
	if s.literal {
		return false
	}
	if had && value > 2 && before < 20 {
		s.total, s.cur, q.fraction = 0, before/value, true
		return true
	}
	if !s.cardinal(value, "") {
		return false
	}
	q.ordinal = true
	if !had && value > 2 && r.lex.has("parts", r.at(at+1).text) {
		q.values = append(q.values, 1/value)
		q.fraction = true
	}
	return true
}

// takeFraction takes a word such as thirds: as another meaning of a word that was taken as an ordinal.
func takeFraction(s *sum, q *quantity, value float64, taken bool) bool {
	q.fraction = true
	switch {
	case taken:
		q.values = append(q.values, value)
	case s.any:
		s.total, s.cur, s.scale = 0, s.value()*value, 0
	default:
		s.cur, s.any = value, true
	}
	return true
}

// ofScale takes the scale after a fraction: half a million, half a dozen.
func (r *reader) ofScale(s *sum, q *quantity, j int) int {
	next := j
	if r.lex.has("articles", r.at(next).text) {
		next++
	}
	for _, e := range r.lex.numbers[r.at(next).text] {
		if q.fraction && e.class == 's' && s.value() < 1 {
			s.multiply(e.value)
			s.scale = e.value
			return next + 1
		}
	}
	return j
}

// joined skips what may stand between the words of one number.
func (r *reader) joined(s *sum, j int) int {
	t := r.ts[j]
	switch {
	case !s.any:
		return j
	case t.text == "-" && !t.gap && !r.at(j+1).gap:
		return j + 1
	case t.text == "." && !t.gap && s.scale > 0:
		return j
	case !r.lex.has("joins", t.text) || s.literal:
		return j
	}
	cur := int(s.cur) % 1000
	next := r.lex.numbers[r.at(j+1).text]
	if len(next) == 0 || next[0].value < 1 {
		return j
	}
	if (r.lex.language == "en" || r.lex.language == "pt") && (cur > 0 && cur%100 == 0 || s.total > 0 && cur == 0) || r.lex.language != "en" && cur%10 == 0 && cur%100 >= 30 && next[0].value < 10 {
		return j + 1
	}
	return j
}

// halfAfter returns the place after "and a half", or the same place.
func (r *reader) halfAfter(j int) int {
	if !r.lex.has("joins", r.at(j).text) {
		return j
	}
	next := j + 1
	if r.lex.has("articles", r.at(next).text) {
		next++
	}
	if r.lex.has("halves", r.at(next).text) {
		return next + 1
	}
	return j
}

// decimalWords reads the figures after the word for the decimal point.
func (r *reader) decimalWords(s *sum, q *quantity, j int) int {
	if !s.any || !r.lex.has("points", r.ts[j].text) {
		return j
	}
	step, next := 1.0, j+1
	for next < len(r.ts) {
		n := r.lex.numbers[r.ts[next].text]
		if len(n) == 0 || n[0].class != 'c' || n[0].value > 9 {
			break
		}
		step /= 10
		s.cur += n[0].value * step
		next++
	}
	q.decimals, q.step = true, step
	return next
}

// slashed reads a fraction such as 3/4, also after a whole number.
func (r *reader) slashed(s *sum, j int) int {
	above := s.cur
	at := j
	whole := 0.0
	if t := r.at(j); t.kind == digits && t.gap && r.at(j+1).text == "/" {
		whole, above, at = s.cur, numberIn(t.text), j+1
	}
	below := r.at(at + 1)
	if r.at(at).text != "/" || r.at(at).gap || below.kind != digits || below.gap || numberIn(below.text) <= above || above > 99 {
		return j
	}
	s.cur = whole + above/numberIn(below.text)
	return at + 2
}

func numberIn(text string) float64 {
	n, _ := strconv.ParseFloat(text, 64)
	return n
}

// negative reports a minus before a number.
func (r *reader) negative(i int) bool {
	before := r.at(i - 1)
	return before.text == "-" && (before.gap || i == 1) && !r.ts[i].gap || r.lex.has("minus", before.text) ||
		i > 1 && r.lex.has("minus", r.at(i-2).text+before.text)
}

// literal returns the value of figures with separators, and how many are after the decimal one.
func literal(text string, lex *lexicon) (value float64, decimals int) {
	text = strings.NewReplacer(" ", "", "'", "").Replace(text)
	separator := strings.LastIndexAny(text, ".,")
	if separator >= 0 {
		after := len(text) - separator - 1
		sign := text[separator : separator+1]
		mixed := strings.Contains(text[:separator], map[string]string{".": ",", ",": "."}[sign])
		several := strings.Count(text, sign) > 1
		thousands := after == 3 && !strings.HasPrefix(text, "0") && (sign == ".") == lex.has("traits", "commas")
		if !several && (mixed || !thousands) {
			decimals = after
			text = text[:separator] + "p" + text[separator+1:]
		}
	}
	text = strings.NewReplacer(".", "", ",", "", "p", ".").Replace(text)
	return numberIn(text), decimals
}
