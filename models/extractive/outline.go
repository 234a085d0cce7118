package extractive

import (
	"math"
	"slices"
)

// outline is the text in the order of the course, as far as it was not said before.
type outline struct {
	order []int     // sentences
	gains []float64 // what a cut before each is worth
	fit   []int     // 1 for each that a lesson can show
}

// What a cut is worth: at a heading of the highest level, at a lower one, where a section joins one of
// another source, and inside of sections.
const (
	atHeading    = 1.0
	atSubheading = 0.6
	atGuest      = 0.1
	atParagraph  = 0.05
	inParagraph  = -0.5
)

// outline puts the sections of all sources in one order and says where it can be cut.
func (b *book) outline() outline {
	var o outline
	depths := b.cohesion()
	for _, u := range b.arrange() {
		for i, s := range b.units[u.unit].sentences {
			gain := inParagraph
			switch {
			case i == 0 && u.guest:
				gain = atGuest
			case i == 0 && b.units[u.unit].depth == 0:
				gain = atHeading
			case i == 0:
				gain = atSubheading
			case b.sentences[s].paragraph != b.sentences[s-1].paragraph:
				gain = atParagraph
			}
			if i > 0 {
				gain += depths[s]
			}
			o.order = append(o.order, s)
			o.gains = append(o.gains, gain)
			o.fit = append(o.fit, number(b.showable(s)))
		}
	}
	return o
}

// showable reports whether a lesson can show a sentence: alone, or after the one before it.
func (b *book) showable(i int) bool { return len(b.run(i)) > 0 }

// run returns a sentence with those before it that it leans on; nil where one of them cannot be shown.
func (b *book) run(i int) []int {
	const most = 3
	for from := i; from >= 0 && from > i-most; from-- {
		s := &b.sentences[from]
		if !s.fit || s.unit != b.sentences[i].unit || s.paragraph != b.sentences[i].paragraph {
			return nil
		}
		if !s.dangling {
			run := make([]int, 0, most)
			for j := from; j <= i; j++ {
				run = append(run, j)
			}
			return run
		}
	}
	return nil
}

// placed is a unit in the order of the course. A guest stands beside a unit of another source.
type placed struct {
	unit  int
	guest bool
}

// arrange orders the units: those of the first source in their order, each of the others after the one that
// is most like it, or at the end.
func (b *book) arrange() []placed {
	const alike = 0.2
	const mostUnits = 400 // of more it would take too long
	b.divide()
	centres := make([]map[int]int64, len(b.units))
	for i, u := range b.units {
		centres[i] = b.centre(u.sentences)
	}
	var order []placed
	for i, u := range b.units {
		host, most := -1, alike
		for at, p := range order {
			if b.units[p.unit].source == u.source || len(b.units) > mostUnits {
				continue
			}
			if c := cosine(centres[i], centres[p.unit]); c > most {
				host, most = at, c
			}
		}
		if host < 0 {
			order = append(order, placed{i, false})
			continue
		}
		for host+1 < len(order) && order[host+1].guest {
			host++
		}
		order = slices.Insert(order, host+1, placed{i, true})
	}
	return order
}

// divide divides long units without heading where there are several sources, so that their parts can stand
// beside what is like them.
func (b *book) divide() {
	if len(b.request.Sources) < 2 {
		return
	}
	depths := b.cohesion()
	var units []unit
	for _, u := range b.units {
		cuts := append(b.cuts(u, depths), len(u.sentences))
		for i, from := range cuts[:len(cuts)-1] {
			part := u
			part.sentences = u.sentences[from:cuts[i+1]]
			for _, s := range part.sentences {
				b.sentences[s].unit = len(units)
			}
			units = append(units, part)
		}
	}
	b.units = units
}

// cuts returns where the parts of a unit begin.
func (b *book) cuts(u unit, depths []float64) []int {
	const long, usual, atOnce = 24, 12, 96
	n := len(u.sentences)
	if u.heading != "" || n <= long {
		return []int{0}
	}
	weights, gains := make([]int, n), make([]float64, n)
	for i, s := range u.sentences {
		weights[i], gains[i] = 1, depths[s]
		if i > 0 && b.sentences[s].paragraph == b.sentences[s-1].paragraph {
			gains[i] += inParagraph
		}
	}
	var cuts []int
	for from := 0; from < n; from += atOnce {
		to := min(from+atOnce, n)
		for _, cut := range partition(weights[from:to], gains[from:to], max((to-from)/usual, 1), usual/3) {
			cuts = append(cuts, from+cut)
		}
	}
	return cuts
}

// cohesion returns for each sentence how deep the valley of likeness before it is, 0 to 1 (TextTiling).
func (b *book) cohesion() []float64 {
	const block = 6
	alike := make([]float64, len(b.sentences))
	for i := range b.sentences {
		s := b.sentences[i]
		from, to := i, i
		for from > 0 && from > i-block && b.sentences[from-1].source == s.source {
			from--
		}
		for to < len(b.sentences) && to < i+block && b.sentences[to].source == s.source {
			to++
		}
		alike[i] = 1
		if from < i {
			alike[i] = cosine(b.centre(upTo(from, i)), b.centre(upTo(i, to)))
		}
	}
	depths := make([]float64, len(b.sentences))
	for i := range alike {
		left, right := i, i
		for left > 0 && alike[left-1] >= alike[left] {
			left--
		}
		for right+1 < len(alike) && alike[right+1] >= alike[right] {
			right++
		}
		depths[i] = min((alike[left]+alike[right])/2-alike[i], 1)
	}
	return depths
}

func upTo(from, to int) []int {
	all := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		all = append(all, i)
	}
	return all
}

// centre returns the sum of the vectors of some sentences, in whole numbers, whose sums do not depend on the
// order of a map.
func (b *book) centre(sentences []int) map[int]int64 {
	const precision = 1e4
	sum := map[int]int64{}
	for _, s := range sentences {
		for _, f := range b.vectors[s] {
			sum[f.word] += int64(f.weight * precision)
		}
	}
	return sum
}

func cosine(a, b map[int]int64) float64 {
	var dot, squareA, squareB int64
	for id, w := range a {
		dot += w * b[id]
		squareA += w * w
	}
	for _, w := range b {
		squareB += w * w
	}
	if dot == 0 {
		return 0
	}
	return float64(dot) / math.Sqrt(float64(squareA)*float64(squareB))
}
