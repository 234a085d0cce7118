package citations

import (
	"fmt"
	"math"
	"slices"
)

// missingNumbers returns what the numbers of a sentence lack in the quote.
func missingNumbers(s, p statement) []string {
	covered := map[int]bool{}
	for _, q := range s.numbers {
		if q.covers[1] > 0 && backed(q, p.numbers) {
			covered[q.covers[0]], covered[q.covers[1]] = true, true
		}
	}
	var reasons []string
	for i, q := range s.numbers {
		if q.optional || covered[i] || backed(q, p.numbers) || enumerates(q, s, p) {
			continue
		}
		if reason := fmt.Sprintf("the number %q is not in the quote", q.written); !slices.Contains(reasons, reason) {
			reasons = append(reasons, reason)
		}
	}
	return reasons
}

// enumerates reports whether a small number in words is how many things one of the sides lists: three states for
// Germany, Austria and Switzerland, two for a pair of names.
func enumerates(q quantity, sides ...statement) bool {
	return !q.literal && !q.ordinal && !q.fraction && len(q.units) == 0 && slices.ContainsFunc(sides, func(s statement) bool { return slices.Contains(lists(s), q.values[0]) })
}

// longestItem is the number of tokens of an entry of a list.
const longestItem = 4

// lists returns the lengths of the lists of a text.
func lists(s statement) []float64 {
	var lengths []float64
	items, last := 1.0, -1
	for i, t := range s.words {
		comma := t.text == "," || t.text == "、"
		and := s.lex.has("ands", t.text)
		switch {
		case (comma || and) && (last < 0 || i-last-1 <= longestItem):
			items++
		case comma || and:
			items = 2
		default:
			continue
		}
		pair := items == 2 && i > 0 && i+1 < len(s.words) && s.words[i-1].capital && s.words[i+1].capital && s.lex.language != "de"
		if and && (items > 2 || pair) {
			lengths = append(lengths, items)
			items = 1
		}
		last = i
	}
	return lengths
}

func backed(s quantity, quote []quantity) bool {
	return slices.ContainsFunc(quote, func(q quantity) bool { return backs(s, q) })
}

// backs reports whether a quantity of a quote says one of a sentence.
func backs(s, q quantity) bool {
	for _, sv := range s.values {
		for _, qv := range q.values {
			if backsValue(s, sv, q, qv) {
				return true
			}
		}
	}
	return false
}

func backsValue(s quantity, sv float64, q quantity, qv float64) bool {
	dated := q.form == amount && len(q.units) == 0 && qv >= 1 && qv == math.Trunc(qv)
	switch s.form {
	case month:
		return q.form == month && sv == qv
	case century:
		within := (dated && qv >= 100 || q.form == decade && qv >= 100) && math.Ceil(qv/100) == sv
		return q.form == century && sv == qv || within || dated && q.ordinal && sv == qv
	case decade:
		same := sv == qv || (sv < 100 || qv < 100) && math.Mod(sv, 100) == math.Mod(qv, 100)
		year := math.Floor(qv/10) * 10
		return q.form == decade && same || dated && qv >= 100 && (year == sv || sv < 100 && math.Mod(year, 100) == sv)
	case amount:
		if q.form != amount {
			return q.form == century && s.ordinal && sv == qv
		}
	}
	return sameAmount(s, sv, q, qv)
}

// sameAmount compares two amounts, brought to one unit where both have one.
func sameAmount(s quantity, sv float64, q quantity, qv float64) bool {
	if len(s.units) == 0 || len(q.units) == 0 {
		return near(s, sv, q, qv) || asShare(s, sv, q, qv)
	}
	for _, su := range s.units {
		for _, qu := range q.units {
			if su == qu && near(s, sv, q, qv) {
				return true
			}
			if su != qu && units[su].dimension == units[qu].dimension && converted(s, sv, units[su], q, qv, units[qu]) {
				return true
			}
		}
	}
	return false
}

// asShare compares percents with a fraction.
func asShare(s quantity, sv float64, q quantity, qv float64) bool {
	percent := func(q quantity) bool { return slices.Contains(q.units, "%") }
	switch {
	case percent(s) && (q.fraction || qv < 1):
		return math.Abs(sv/100-qv) <= math.Max(s.step/200, 0.004)*1.001
	case percent(q) && (s.fraction || sv < 1):
		return math.Abs(sv-qv/100) <= math.Max(q.step/200, 0.004)*1.001
	}
	return s.fraction && q.fraction && math.Abs(sv-qv) < 0.001
}

// mostRounded is by how much of its value a number may be rounded.
const mostRounded = 0.05

// converted compares two amounts in different units: within what either is rounded to.
func converted(s quantity, sv float64, su unit, q quantity, qv float64, qu unit) bool {
	step := math.Max(s.step*su.factor, q.step*qu.factor)
	if su.dimension == "temperature" {
		step = math.Max(su.factor*math.Min(s.step, 1), qu.factor*math.Min(q.step, 1))
	}
	for _, sign := range []float64{1, -1} {
		a, b := sv*su.factor+su.offset, sign*qv*qu.factor+qu.offset
		most := math.Min(math.Max(step/2, 0.005*math.Abs(b)), mostRounded*math.Abs(b))
		if su.dimension == "temperature" {
			most = step / 2
		}
		if math.Abs(a-b) <= most*1.01 {
			return true
		}
		if su.dimension != "temperature" {
			break
		}
	}
	return false
}

// near compares two values of one unit. The sentence may round a number to fewer figures after the point, a
// number with a word such as million to fewer figures, and any number that it says is no exact one.
func near(s quantity, sv float64, q quantity, qv float64) bool {
	if !s.signed || !q.signed {
		sv, qv = math.Abs(sv), math.Abs(qv)
	}
	difference := math.Abs(sv - qv)
	if difference <= 1e-9*math.Abs(qv) {
		return true
	}
	if s.ordinal || difference > mostRounded*math.Abs(qv) && s.hedge != '>' && s.hedge != '<' {
		return false
	}
	rounded := difference <= s.step/2*1.0001
	switch {
	case rounded && q.step < 1 && q.step < s.step && qv >= 1 && (q.decimals || s.decimals):
		return true
	case rounded && s.scaled:
		return true
	case s.hedge == '>':
		return qv > sv && qv < 1.25*sv && (rounded || difference < s.step)
	case s.hedge == '<':
		return qv < sv && qv > 0.8*sv && (rounded || difference < s.step)
	}
	return s.hedge == '~' && rounded
}
