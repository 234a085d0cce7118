package ranking

import (
	"slices"

	"github.com/google/uuid"
)

// The shares of a personalized feed.
const (
	ShareInterest  = 0.4
	ShareTrending  = 0.3
	ShareSkillGap  = 0.2
	ShareDiscovery = 0.1
)

// queue is one source of a feed, the best first.
type queue struct {
	share  float64
	why    string // where the item has no reason of the queue's kind
	reason Strategy
	items  []*scored
	taken  int
	next   int
}

// mix merges four queues into a personalized feed by their shares: the next item comes
// from the queue that is furthest behind its share (each queue's n-th item is due at
// (n-0.5)/share). An item in several queues comes once, where it is due first; when
// queues run dry the rest follows from the others. Scores follow from the due times, so
// the order is the score's.
func mix(all []scored, seed string) []Ranked {
	queues := queuesOf(all, seed)
	used := map[uuid.UUID]bool{}
	ranked := make([]Ranked, 0, len(all))
	for {
		var q *queue
		for i := range queues {
			if c := &queues[i]; c.skip(used) && (q == nil || c.due() < q.due()) {
				q = c
			}
		}
		if q == nil {
			return ranked
		}
		c := q.items[q.next]
		used[c.ID] = true
		ranked = append(ranked, Ranked{c.ID, rounded(1 / (1 + q.due()/10)), reasonsOf(c, *q)})
		q.taken++
		q.next++
	}
}

// skip drops items already used and reports whether any are left.
func (q *queue) skip(used map[uuid.UUID]bool) bool {
	for q.next < len(q.items) && used[q.items[q.next].ID] {
		q.next++
	}
	return q.next < len(q.items)
}

func (q *queue) due() float64 { return (float64(q.taken) + 0.5) / q.share }

func queuesOf(all []scored, seed string) []queue {
	interest := pick(all, (*scored).matches, (*scored).wanted)
	trending := pick(all, func(c *scored) bool { return c.TrendingScore > 0 }, func(c *scored) float64 { return c.trending })
	gaps := pick(all, func(c *scored) bool { return c.gap > 0 }, func(c *scored) float64 { return c.gap })
	// Unknown items in an order that changes with the seed, good ones sooner.
	rest := pick(all, func(c *scored) bool { return !c.matches() && c.TrendingScore == 0 && c.gap == 0 },
		func(c *scored) float64 { return lot(seed, c.ID) * (0.5 + c.Quality) })
	return []queue{
		{share: ShareInterest, reason: Personalized, items: interest},
		{share: ShareTrending, reason: TrendingFirst, items: trending},
		{share: ShareSkillGap, reason: SkillGap, items: gaps},
		{share: ShareDiscovery, why: "It is something new for you.", items: rest},
	}
}

// mostOfGroup is how many items of one course come before other courses have had their turn.
const mostOfGroup = 2

// pick returns the candidates of a queue in the order of a value, with surplus ones of a course last.
func pick(all []scored, in func(*scored) bool, value func(*scored) float64) []*scored {
	picked := bestFirst(all, in, value)
	count := make(map[uuid.UUID]int, len(picked))
	first, crowd := make([]*scored, 0, len(picked)), []*scored(nil)
	for _, c := range picked {
		if count[c.Group]++; count[c.Group] <= mostOfGroup {
			first = append(first, c)
		} else {
			crowd = append(crowd, c)
		}
	}
	return append(first, crowd...)
}

// reasonsOf returns why an item is recommended: the queue's reason first, then its others.
func reasonsOf(c *scored, q queue) []string {
	reasons := make([]string, 0, 4)
	add := func(text string) {
		if text != "" && !slices.Contains(reasons, text) {
			reasons = append(reasons, text)
		}
	}
	add(c.reasons.of(q.reason))
	add(q.why)
	add(c.reasons.personalized)
	add(c.reasons.gap)
	add(c.reasons.trending)
	return reasons
}
