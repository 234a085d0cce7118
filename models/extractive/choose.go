package extractive

import (
	"cmp"
	"math"
	"slices"
)

// chooser chooses the sentences of lessons.
type chooser struct {
	*book

	owner []int // of each sentence: 0 is free, 1 an introduction, others a part
	shown []int // of each section: how many sentences
	all   []int // of each section: how many it has
	parts int   // so far
}

func newChooser(b *book) *chooser {
	c := &chooser{book: b, owner: make([]int, len(b.sentences)), shown: make([]int, len(b.units)), all: make([]int, len(b.units)), parts: 1}
	for _, s := range b.sentences {
		c.all[s.section]++ // there are no more sections than units
	}
	return c
}

// Most of a long section that a course shows, in percent, and of a short one.
const (
	shareOfLong  = 60
	shareOfShort = 75
	longSection  = 8
)

// limit is how many sentences of a section a course may show, so that none is copied whole.
func (c *chooser) limit(section int) int {
	n := c.all[section]
	if n > longSection {
		return n * shareOfLong / 100
	}
	return max(min((n*shareOfShort+99)/100, n-1), 1)
}

// choose makes the draft of the lesson that the outline has from one place to another.
func (c *chooser) choose(o outline, from, to int) *draft {
	const mostSentences, mostWords, share = 30, 650, 0.6
	fit := 0
	for _, f := range o.fit[from:to] {
		fit += f
	}
	d := &draft{budget: min(int(share*float64(to-from)), mostSentences), words: mostWords}
	for k := min(max(fit/5, LeastParts), 5); k >= LeastParts; k-- {
		if begins := partition(o.fit[from:to], o.gains[from:to], k, leastPart); begins != nil {
			d.parts = partsOf(o.order[from:to], begins)
			break
		}
	}
	if d.parts == nil {
		return nil
	}
	d.intro = c.introduce(d)
	for round := 0; ; round++ {
		some := false
		for i := range d.parts {
			got := c.pick(d, i, round == 0)
			if round == 0 && !got {
				return nil
			}
			some = some || got
		}
		if !some {
			break
		}
	}
	for i := range d.parts {
		slices.Sort(d.parts[i].chosen)
		d.shown = append(d.shown, d.parts[i].chosen...)
	}
	d.shown = append(d.shown, d.intro...)
	slices.Sort(d.shown)
	if c.request.Level == "beginner" {
		c.defineFirst(d)
	}
	c.parts += len(d.parts)
	return d
}

func partsOf(order, begins []int) []draftPart {
	parts := make([]draftPart, len(begins))
	for i, from := range begins {
		to := len(order)
		if i+1 < len(begins) {
			to = begins[i+1]
		}
		parts[i].sentences = order[from:to]
	}
	return parts
}

// defineFirst puts the runs of each part that define something before the others.
func (c *chooser) defineFirst(d *draft) {
	for i := range d.parts {
		var first, then []int
		chosen := d.parts[i].chosen
		for from := 0; from < len(chosen); {
			to, defines := from, false
			for to < len(chosen) && (to == from || c.follow(chosen[to-1], chosen[to])) {
				defines = defines || len(c.sentences[chosen[to]].defines) > 0
				to++
			}
			if defines {
				first = append(first, chosen[from:to]...)
			} else {
				then = append(then, chosen[from:to]...)
			}
			from = to
		}
		d.parts[i].chosen = slices.Concat(first, then)
	}
}

// worth says how much a sentence is to be shown.
func (b *book) worth(i int) float64 {
	s := &b.sentences[i]
	w := s.weight
	defining := 1.5
	switch b.request.Level {
	case "beginner":
		defining = 1.9
	case "advanced":
		w, defining = math.Sqrt(w), 1.2 // what is less central, too
	}
	if len(s.defines) > 0 {
		w *= defining
	}
	if i == 0 || !b.follow(i-1, i) {
		w *= 1.2
	}
	if b.languages[s.source].points(s.words) {
		w *= 0.8
	}
	off := float64(s.size-b.level.ideal) / float64(b.level.ideal)
	return w * math.Exp(-off*off/2)
}

// introduce chooses the introduction of a lesson: a sentence that can be read alone, such as the one that
// opens its text, and perhaps the next one.
func (c *chooser) introduce(d *draft) []int {
	best, most := -1, 0.0
	for at, p := range d.parts {
		for i, s := range p.sentences {
			if u := c.sentences[s].section; !c.sentences[s].fit || c.sentences[s].dangling || c.shown[u] == c.limit(u) {
				continue
			}
			w := c.worth(s)
			if at == 0 && i == 0 {
				w *= 1.5
			}
			if at > 0 {
				w *= 0.7
			}
			if w > most && c.without(p, s) {
				best, most = s, w
			}
		}
	}
	if best < 0 {
		return nil
	}
	c.take(d, best, 1)
	return []int{best}
}

// without reports whether a part has enough left without a sentence.
func (c *chooser) without(p draftPart, s int) bool {
	left := 0
	for _, i := range p.sentences {
		if run := c.run(i); run != nil && !slices.Contains(run, s) {
			left++
		}
	}
	return left >= leastPart
}

func (c *chooser) take(d *draft, s, owner int) {
	c.owner[s] = owner
	c.shown[c.sentences[s].section]++
	d.budget--
	d.words -= c.sentences[s].size
}

// pick adds the best run of a part that is left; the first one in any case.
func (c *chooser) pick(d *draft, part int, first bool) bool {
	p := &d.parts[part]
	owner := c.parts + 1 + part
	var best []int
	most := 0.0
	for _, i := range p.sentences {
		run := c.free(i, p, owner)
		if len(run) == 0 || !first && (len(run) > d.budget || c.size(run) > d.words) {
			continue
		}
		if w := c.runWorth(run, p, owner); w > most {
			best, most = run, w
		}
	}
	for _, s := range best {
		c.take(d, s, owner)
	}
	p.chosen = append(p.chosen, best...)
	return len(best) > 0
}

// free returns what of a sentence's run is to be taken; nil where it cannot be.
func (c *chooser) free(i int, p *draftPart, owner int) []int {
	if c.owner[i] != 0 {
		return nil
	}
	var free []int
	for _, s := range c.run(i) {
		switch {
		case c.owner[s] == owner:
		case c.owner[s] != 0 || !slices.Contains(p.sentences, s):
			return nil
		default:
			free = append(free, s)
		}
	}
	if u := c.sentences[i].section; c.shown[u]+len(free) > c.limit(u) {
		return nil
	}
	return free
}

func (c *chooser) size(run []int) int {
	size := 0
	for _, s := range run {
		size += c.sentences[s].size
	}
	return size
}

// runWorth is the mean worth of a run. One beside what is shown reads better.
func (c *chooser) runWorth(run []int, p *draftPart, owner int) float64 {
	const beside = 1.35
	sum := 0.0
	for _, s := range run {
		sum += c.worth(s)
	}
	w := sum / float64(len(run))
	first, last := run[0], run[len(run)-1]
	if first > 0 && c.owner[first-1] == owner && c.follow(first-1, first) || last+1 < len(c.owner) && c.owner[last+1] == owner && c.follow(last, last+1) {
		w *= beside
	}
	if len(p.chosen) == 0 && first != p.sentences[0] && c.follow(first-1, first) {
		w *= 0.8 // a part opens with the opening of a paragraph
	}
	return w
}

func compareDown(a, b float64) int { return cmp.Compare(b, a) }
