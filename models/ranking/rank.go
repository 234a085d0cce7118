package ranking

import (
	"bytes"
	"cmp"
	"fmt"
	"hash/fnv"
	"math"
	"slices"
	"strconv"

	"github.com/google/uuid"
)

// Strategy is a method of ranking.
type Strategy string

// The strategies.
const (
	Personalized          Strategy = "personalized"
	TrendingFirst         Strategy = "trending"
	Collaborative         Strategy = "collaborative"
	ContentBased          Strategy = "content_based"
	SkillGap              Strategy = "skill_gap"
	DifficultyProgression Strategy = "difficulty_progression"
)

// Strategies returns all strategies.
func Strategies() []Strategy {
	return []Strategy{Personalized, TrendingFirst, Collaborative, ContentBased, SkillGap, DifficultyProgression}
}

// Ranked is a candidate in a ranking, with its score (0 to 1, never rising) and its reasons. Reasons name no person:
// they are kept while a feed is scrolled, and in that time someone may block the user or close their account.
type Ranked struct {
	ID      uuid.UUID
	Score   float64
	Reasons []string
}

// The parts of a score within the interest queue, and their weights.
const (
	weightInterest   = 0.3
	weightLikes      = 0.35
	weightNeighbours = 0.15
	weightFollowed   = 0.1
	weightFresh      = 0.05
	weightQuality    = 0.05
	freshHalfLife    = 7 * 24 // hours
	unfit            = 0.4    // weight of the profile for an item far from the user's level
)

// scored is a candidate with its score by each strategy.
type scored struct {
	Candidate
	interest, likes, neighbours, trending, gap, step, match float64
	fit                                                     float64 // how near it is to the learner's level
	reasons                                                 reasons
}

// reasons are why each strategy would recommend a candidate; "" where it would not.
type reasons struct{ personalized, trending, collaborative, content, gap, step string }

func (r reasons) of(s Strategy) string {
	switch s {
	case Personalized:
		return r.personalized
	case TrendingFirst:
		return r.trending
	case Collaborative:
		return r.collaborative
	case ContentBased:
		return r.content
	case SkillGap:
		return r.gap
	case DifficultyProgression:
		return r.step
	default:
		return ""
	}
}

// Rank orders candidates by a strategy, each once. Items that the strategy does not
// score follow in the personalized order, with that as their reason. Seed changes
// which unknown items come first; the same seed gives the same order.
func Rank(s Strategy, candidates []Candidate, t Profile, seed string) []Ranked {
	all := score(distinctOf(candidates), t)
	mixed := mix(all, seed)
	if s == Personalized {
		return mixed
	}
	first := by(s, all)
	there := map[uuid.UUID]bool{}
	for i := range first {
		there[first[i].ID] = true
		first[i].Score = rounded(0.5 + first[i].Score/2)
	}
	for _, r := range mixed {
		if !there[r.ID] {
			r.Score = rounded(r.Score / 2)
			r.Reasons = append(r.Reasons, "It comes after what the strategy "+string(s)+" found.")
			first = append(first, r)
		}
	}
	return first
}

// by returns the candidates that a strategy scores, the best first.
func by(s Strategy, all []scored) []Ranked {
	value := func(c *scored) float64 {
		switch s {
		case TrendingFirst:
			return c.trending
		case Collaborative:
			return c.neighbours
		case ContentBased:
			return c.match
		case SkillGap:
			return c.gap
		case DifficultyProgression:
			return c.step
		default:
			return 0
		}
	}
	hits := bestFirst(all, func(c *scored) bool { return value(c) > 0 }, value)
	ranked := make([]Ranked, len(hits))
	for i, c := range hits {
		ranked[i] = Ranked{c.ID, rounded(value(c) / value(hits[0])), []string{c.reasons.of(s)}}
	}
	return ranked
}

// bestFirst returns the included candidates by a value, descending; ties go to the
// better, then the newer, then the lower id, so the order is deterministic.
func bestFirst(all []scored, in func(*scored) bool, value func(*scored) float64) []*scored {
	type valued struct {
		*scored
		value float64
	}
	var hits []valued
	for i := range all {
		if in(&all[i]) {
			hits = append(hits, valued{&all[i], value(&all[i])})
		}
	}
	slices.SortFunc(hits, func(a, b valued) int {
		return cmp.Or(cmp.Compare(b.value, a.value), cmp.Compare(b.Quality, a.Quality), cmp.Compare(a.Age, b.Age), bytes.Compare(a.ID[:], b.ID[:]))
	})
	sorted := make([]*scored, len(hits))
	for i, h := range hits {
		sorted[i] = h.scored
	}
	return sorted
}

// score scores every candidate for a profile. Trending scores and neighbours' likes are scaled to 0 to 1.
func score(candidates []Candidate, t Profile) []scored {
	hottest, closest := 1e-12, 1e-12
	for _, c := range candidates {
		hottest, closest = math.Max(hottest, c.TrendingScore), math.Max(closest, c.NeighbourScore)
	}
	v := views{t, directionOf(t.Interests), directionOf(t.Likes), directionOf(blend(t))}
	all := make([]scored, len(candidates))
	for i, c := range candidates {
		all[i] = scored{Candidate: c, trending: c.TrendingScore / hottest, neighbours: c.NeighbourScore / closest}
		all[i].look(v)
	}
	return all
}

// views are the directions of a profile by which an item is scored.
type views struct {
	Profile
	interests, likes, both direction
}

// blend combines stated and observed interests with equal length.
func blend(t Profile) map[string]float64 {
	both := map[string]float64{}
	for _, part := range []map[string]float64{t.Interests, t.Likes} {
		if len(part) == 0 {
			continue
		}
		length := magnitude(part)
		for term, w := range part {
			both[term] += w / length
		}
	}
	return both
}

func (c *scored) look(v views) {
	var said, done, term string
	c.interest, said = v.interests.similarity(c.Terms)
	c.likes, done = v.likes.similarity(c.Terms)
	c.match, term = v.both.similarity(c.Terms)
	c.gapAndStep(v.Profile)
	switch {
	case c.interest > 0:
		c.reasons.personalized = "It matches your interest in " + strconv.Quote(said) + "."
	case c.likes > 0:
		c.reasons.personalized = "You liked other things about " + strconv.Quote(done) + "."
	case c.Followed:
		c.reasons.personalized = "You follow its author."
	case c.NeighbourScore > 0:
		c.reasons.personalized = "People with a taste like yours liked it."
	}
	if c.match > 0 {
		c.reasons.content = "It is about " + strconv.Quote(term) + ", as what you like."
	}
	if c.TrendingScore > 0 {
		c.reasons.trending = c.TrendingReason()
	}
	if c.NeighbourScore > 0 {
		c.reasons.collaborative = "People with a taste like yours liked it."
	}
}

// gapAndStep scores the skills an item teaches: weak ones as gaps, the learner's next
// level of each as steps. An item fits at the level of such a skill or the next; without
// one, at the learner's level; an item without a level always fits.
func (c *scored) gapAndStep(t Profile) {
	c.fit = suits(c.Level, t.Level)
	taught := false
	for _, s := range t.Skills {
		if !teaches(c.Candidate, s) {
			continue
		}
		fit := max(suits(c.Level, s.Level), suits(c.Level, nextLevel(s)))
		if !taught || fit > c.fit {
			c.fit, taught = fit, true
		}
		if gap := (1 - s.Mastery) * levelFit(c.Level, s.Level); s.Mastery < GapBelow && gap > c.gap {
			c.gap = gap
			c.reasons.gap = fmt.Sprintf("It helps with %q, where you are at %.0f %%.", s.Name, 100*s.Mastery)
		}
		if step := levelFit(c.Level, nextLevel(s)); step > c.step && c.Level != "" {
			c.step = step
			c.reasons.step = fmt.Sprintf("It is %s, the next step in %q.", c.Level, s.Name)
		}
	}
	if c.step == 0 && c.interest > 0 && c.Level != "" {
		c.step = levelFit(c.Level, t.Level) * c.interest / 2
		c.reasons.step = "It is " + c.Level + ", for where you are."
	}
}

// wanted returns a candidate's score within the interest queue.
func (c *scored) wanted() float64 {
	followed := 0.0
	if c.Followed {
		followed = 1
	}
	personal := (weightInterest*c.interest + weightLikes*c.likes) * (unfit + (1-unfit)*c.fit)
	return personal + weightNeighbours*c.neighbours + weightFollowed*followed +
		weightFresh*math.Exp2(-c.Age.Hours()/freshHalfLife) + weightQuality*c.Quality
}

func (c *scored) matches() bool {
	return c.interest > 0 || c.likes > 0 || c.NeighbourScore > 0 || c.Followed
}

// lot returns a number from 0 to 1, always the same for a seed and an id.
func lot(seed string, id uuid.UUID) float64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(seed)) // never fails
	_, _ = h.Write(id[:])
	x := h.Sum64()
	x ^= x >> 33 // spread, since similar ids hash to neighbours
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	return float64(x>>11) / (1 << 53)
}

func distinctOf(candidates []Candidate) []Candidate {
	seen := map[uuid.UUID]bool{}
	return slices.DeleteFunc(slices.Clone(candidates), func(c Candidate) bool {
		again := seen[c.ID]
		seen[c.ID] = true
		return again
	})
}

func rounded(x float64) float64 { return math.Round(x*1e6) / 1e6 }

// TrendingReason returns the reason text with the number of people.
func (c Candidate) TrendingReason() string {
	if c.People == 1 {
		return "It is trending: one person lately."
	}
	return fmt.Sprintf("It is trending: %d people lately.", c.People)
}
