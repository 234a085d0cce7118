package citations

import (
	"math"
	"slices"
	"strings"
)

// finish reads what follows a number, keeps it and returns the place after it.
func (r *reader) finish(q quantity, next int) int {
	if next == q.from {
		return next
	}
	next = r.multiplied(&q, next)
	if r.at(next).text == "月" && q.values[0] <= 12 {
		q.form, q.to = month, next+1
		r.emit(q)
		return q.to
	}
	next = r.suffix(&q, next)
	if q.form == amount {
		next = r.epoch(&q, next)
	}
	if q.form == amount {
		next = r.unit(&q, next)
	}
	q.to = next
	r.emit(q)
	return next
}

// multiplied takes the scale after figures in a script without spaces, such as 4.5万.
func (r *reader) multiplied(q *quantity, next int) int {
	for q.literal && r.at(next).kind == letter {
		scale := r.lex.numbers[r.at(next).text]
		if n := r.unitAt(next); len(scale) == 0 || scale[0].class != 's' || n > 0 {
			break
		}
		q.values[0] *= scale[0].value
		q.step *= scale[0].value
		q.scaled = true
		next++
	}
	return next
}

// suffix takes an ending that is written after figures, with or without a hyphen: 19th, 1890-х, 1920er.
func (r *reader) suffix(q *quantity, next int) int {
	if !q.literal {
		return next
	}
	at := next
	if r.at(at).text == "-" && !r.at(at).gap {
		at++
	}
	if r.at(at).gap && r.at(at).kind == word && r.lex.language != "hi" || r.lex.language == "ru" && at == next {
		return next
	}
	value := q.values[0]
	if n := r.lex.phrase("decadesuffixes", r.ts, at); n > 0 && math.Mod(value, 10) == 0 && (value >= 1000 || value < 100) {
		q.form = decade
		return at + n
	}
	if r.at(at).gap {
		return next
	}
	if n := r.lex.phrase("suffixes", r.ts, at); n > 0 {
		q.ordinal = true
		return at + n
	}
	return next
}

// epoch recognizes centuries and decades: the word for them may stand before the number or after it.
func (r *reader) epoch(q *quantity, next int) int {
	value := q.values[0]
	if r.lex.has("centuries", r.at(q.from-1).text) && value < 40 {
		q.form = century
		return next
	}
	if r.lex.language == "de" && q.literal && r.at(next).text == "." && !r.at(next).gap {
		next++
	}
	for at := next; at < next+2; at++ {
		if n := r.lex.phrase("centuries", r.ts, at); n > 0 && (q.ordinal || q.literal || r.at(at).kind == letter) && value < 40 {
			q.form = century
			return at + n
		}
		if r.at(at).kind != word {
			break
		}
	}
	if r.lex.has("decadesbefore", r.at(q.from-1).text) && value < 100 && math.Mod(value, 10) == 0 {
		q.form = decade
		return next
	}
	if n := r.lex.phrase("decadewords", r.ts, next); n > 0 && q.ordinal && math.Mod(value, 10) == 0 {
		q.form = decade
		return next + n
	}
	if n := r.lex.phrase("decadesuffixes", r.ts, next); n > 0 && r.at(next).kind == letter && math.Mod(value, 10) == 0 {
		q.form = decade
		return next + n
	}
	return next
}

// unit takes the unit of a number, before it or after it.
func (r *reader) unit(q *quantity, next int) int {
	at := r.beforeUnit(q, next)
	n := r.unitAt(at)
	if n == 0 {
		if names := r.lex.units[r.at(q.from-1).text]; r.at(q.from-1).kind == mark {
			q.units = names
		}
		return next
	}
	name := joinedText(r.ts[at : at+n])
	if len([]rune(name)) == 1 && r.at(at).kind == word && !q.literal {
		return next
	}
	q.units = r.lex.units[name]
	q.optional = q.optional && (q.values[0] == 1 || !r.lex.judged()) // which may be an article
	if after := r.halfAfter(at + n); after > at+n || r.at(at+n).text == "半" {
		q.values[0], q.optional = q.values[0]+0.5, false
		n = max(after, at+n+1) - at
	}
	if slices.Contains(q.units, "y") && q.values[0] >= 1000 {
		q.units = nil // a date, or so long that it makes no difference
	}
	return at + n
}

// beforeUnit skips what may stand between a number and its unit.
func (r *reader) beforeUnit(q *quantity, at int) int {
	t, next := r.at(at), r.at(at+1)
	of := q.fraction && (t.text == "of" || t.text == "de")
	switch {
	case among(t.text, "个個") && next.text == "半" && r.unitAt(at+2) > 0:
		q.values[0], q.optional = q.values[0]+0.5, false
		return at + 2
	case of && r.lex.has("articles", next.text):
		return at + 2
	case of, t.text == "-" && !t.gap, among(t.text, "多余餘来"), q.fraction && r.lex.has("articles", t.text):
		return at + 1
	}
	return at
}

// unitAt returns how many tokens from a place are a unit.
func (r *reader) unitAt(at int) int {
	return longestPhrase(r.ts, at, r.lex.longest["units"], func(s string) bool { return len(r.lex.units[s]) > 0 })
}

// among reports whether a text is one of some characters.
func among(text, characters string) bool { return text != "" && strings.Contains(characters, text) }

func joinedText(ts []token) string {
	var b strings.Builder
	for _, t := range ts {
		b.WriteString(t.text)
	}
	return b.String()
}

// ranges gives the first number of a range the unit and the scale of the second.
func (r *reader) ranges() {
	for i := 0; i+1 < len(r.out); i++ {
		a, b := &r.out[i], &r.out[i+1]
		if a.form != amount || !r.between(a.to, b.from) {
			continue
		}
		if b.form == century && a.ordinal {
			a.form = century
		}
		if len(a.units) == 0 {
			a.units = b.units
		}
		for scale := stepOf(b.values[0]); scale >= 100 && (!b.literal || b.scaled); scale /= 10 {
			if a.values[0]*scale < b.values[0] {
				a.values = append(a.values, a.values[0]*scale)
				break
			}
		}
	}
}

// between reports whether nothing but the signs and words of a range are between two places.
func (r *reader) between(from, to int) bool {
	if to <= from || to-from > 2 {
		return false
	}
	for i := from; i < to; i++ {
		if text := r.ts[i].text; !among(text, "-–—~") && !r.lex.has("ranges", text) {
			return false
		}
	}
	return true
}

// shares adds the share that is written as so many out of so many.
func (r *reader) shares() {
	for i := range len(r.out) - 1 {
		a, b := r.out[i], r.out[i+1]
		n := r.lex.phrase("outof", r.ts, a.to)
		if n == 0 || a.to+n != b.from || a.form != amount || b.form != amount {
			continue
		}
		if r.lex.language == "hi" {
			a, b = b, a
		}
		if a.values[0] >= b.values[0] {
			continue
		}
		share := a.values[0] / b.values[0]
		r.emit(quantity{values: []float64{share}, step: a.step / b.values[0], fraction: true, optional: true, from: min(a.from, b.from), to: max(a.to, b.to), covers: [2]int{i, i + 1}})
	}
}

// ideographs reads a number in Chinese figures. One figure alone is a number where it counts something.
func (r *reader) ideographs(i int) int {
	end := r.figuresEnd(i)
	if end == i || end == i+1 && r.at(end).text == "半" {
		return r.chineseHalf(i, end)
	}
	if r.at(i-1).kind == letter && r.lex.has("vague", r.at(i-1).text) || r.lex.has("vague", r.at(end).text) && r.at(end).text != "上" {
		return end
	}
	value, ok := r.chinese(i, end)
	q := quantity{values: []float64{value}, step: stepOf(value), from: i, to: end, scaled: value >= 10000}
	q.ordinal = r.at(i-1).text == "第"
	if !ok {
		return end
	}
	if at := r.point(&q, end); at > end {
		return r.finish(q, at)
	}
	if r.at(end).text == "分" && r.at(end+1).text == "之" {
		return r.parts(q, end+2)
	}
	if end-i < 2 && !q.ordinal && !r.counts(end) {
		return end
	}
	q.optional = value == 1 && !q.ordinal || !r.lex.judged() || r.lex.phrase("optional", r.ts, i) > 0
	return r.finish(q, end)
}

// figuresEnd returns the place after the Chinese figures that begin at a token.
func (r *reader) figuresEnd(i int) int {
	end := i
	for end < len(r.ts) && r.ts[end].kind == letter && len(r.lex.numbers[r.ts[end].text]) > 0 {
		tael := among(r.ts[end].text, "两兩") && !r.isScale(end+1)
		if end > i && (r.isScale(end) && r.unitAt(end) > 1 || tael) {
			break
		}
		end++
	}
	return end
}

// chineseHalf reads 半 before a unit, and 一半.
func (r *reader) chineseHalf(i, end int) int {
	n := 2
	switch {
	case end > i && r.ts[i].text == "一":
	case r.ts[i].text == "半" && r.unitAt(i+1) > 0 && r.at(i-1).text != "个":
		n = 1
	default:
		return end
	}
	return r.finish(quantity{values: []float64{0.5}, fraction: true, from: i}, i+n)
}

// counts reports whether what is at a place is what a Chinese figure before it counts, or the rest of a range.
func (r *reader) counts(at int) bool {
	t, next := r.at(at), r.at(at+1)
	ranged := r.lex.has("ranges", t.text) && (next.kind == digits || len(r.lex.numbers[next.text]) > 0)
	return ranged || t.kind == letter && strings.Contains(r.lex.shown, t.text) || r.unitAt(at) > 0
}

// isScale reports whether a token is a word such as hundred.
func (r *reader) isScale(at int) bool {
	entries := r.lex.numbers[r.at(at).text]
	return len(entries) > 0 && entries[0].class == 's'
}

// chinese returns the value of Chinese figures, or false where they name no number.
func (r *reader) chinese(from, to int) (float64, bool) {
	total, section, figure, big := 0.0, 0.0, 0.0, math.Inf(1)
	scales, run := 0, 0.0
	for _, t := range r.ts[from:to] {
		n := r.lex.numbers[t.text][0]
		switch {
		case n.class != 's':
			figure, run = n.value, run*10+n.value
		case n.value < 10000:
			scales++
			section, figure = section+math.Max(figure, b2f(figure == 0))*n.value, 0
		case n.value < big:
			scales++
			total, section, figure, big = total+math.Max(section+figure, b2f(section+figure == 0))*n.value, 0, 0, n.value
		default:
			scales++
			total, section, figure = (total+section+figure)*n.value, 0, 0
		}
	}
	if scales == 0 {
		return run, to-from != 2
	}
	return total + section + figure, true
}

// point reads the figures after the point in a number of Chinese figures.
func (r *reader) point(q *quantity, end int) int {
	if r.at(end).text != "点" && r.at(end).text != "點" {
		return end
	}
	step, at := 1.0, end+1
	for ; len(r.lex.numbers[r.at(at).text]) > 0 && r.lex.numbers[r.at(at).text][0].class == 'c'; at++ {
		step /= 10
		q.values[0] += r.lex.numbers[r.at(at).text][0].value * step
	}
	if at == end+1 {
		return end
	}
	q.step, q.decimals, q.to = step, true, at
	if scale := r.lex.numbers[r.at(at).text]; len(scale) > 0 && scale[0].class == 's' && r.unitAt(at) < 2 {
		q.values[0], q.step, q.to = q.values[0]*scale[0].value, step*scale[0].value, at+1
	}
	return q.to
}

// parts reads the second number of a Chinese fraction, whose first says into how many parts it is divided.
func (r *reader) parts(q quantity, at int) int {
	before := len(r.out)
	next := r.one(at)
	if len(r.out) == before {
		if value, ok := r.lex.numbers[r.at(at).text]; ok && value[0].class == 'c' {
			r.emit(quantity{values: []float64{value[0].value}, step: 1})
			next = at + 1
		} else {
			return at
		}
	}
	above := &r.out[before]
	above.from = q.from
	if q.values[0] == 100 {
		above.units = []string{"%"}
		return next
	}
	above.values[0] /= q.values[0]
	above.fraction, above.step, above.units, above.optional = true, 0, nil, false
	if above.to < next {
		above.to = next
	}
	return next
}
