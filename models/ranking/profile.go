package ranking

import (
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
)

// Profile is a user profile for ranking. All words are terms as the database makes them: lower
// case, without stop words.
type Profile struct {
	Interests map[string]float64 // stated, by term
	Likes     map[string]float64 // from their interactions, by term; dislikes are negative
	Skills    []Skill
	Level     string
}

// Skill is a skill in which a learner was tested.
type Skill struct {
	Name    string
	Terms   []string
	Mastery float64 // 0 to 1
	Level   string  // the hardest they were tested at
}

// GapBelow is the mastery below which a skill is a gap, MasteredFrom that from which the
// next level is due.
const (
	GapBelow     = 0.7
	MasteredFrom = 0.75
)

// Candidate is an item that may be recommended, with the inputs of ranking.
type Candidate struct {
	ID, Group      uuid.UUID // items of one group must not crowd a feed
	Terms          []string
	Level          string  // "": none
	Quality        float64 // 0 to 1
	Age            time.Duration
	TrendingScore  float64
	People         int     // distinct people in the trending score
	Followed       bool    // its author is followed
	NeighbourScore float64 // how much neighbours, users with a similar profile, liked it
}

// direction is a vector of term weights with its length.
type direction struct {
	weights map[string]float64
	length  float64
}

func directionOf(weights map[string]float64) direction { return direction{weights, magnitude(weights)} }

// similarity returns the cosine of the terms' weights with an item's terms, 0 to 1, and the term
// of the greatest weight. Negative weights lower it.
func (d direction) similarity(terms []string) (score float64, term string) {
	if len(terms) == 0 || len(d.weights) == 0 {
		return 0, ""
	}
	best := 0.0
	for _, t := range terms {
		w := d.weights[t]
		score += w
		if w > best {
			best, term = w, t
		}
	}
	return math.Max(score/math.Sqrt(float64(len(terms)))/d.length, 0), term
}

// magnitude returns the length of the weights, summed in order so that equal profiles give equal scores.
func magnitude(weights map[string]float64) float64 {
	sum := 0.0
	for _, t := range sorted(weights) {
		sum += weights[t] * weights[t]
	}
	return math.Max(math.Sqrt(sum), 1e-9)
}

var levels = []string{"beginner", "intermediate", "advanced"}

// Levels returns the levels of difficulty, easiest first.
func Levels() []string { return slices.Clone(levels) }

// levelFit returns 1 for the wanted level, less for one beside it, and little for two away. An
// item without a level gets a middle value.
func levelFit(level, wanted string) float64 { return fitOr(level, wanted, 0.5) }

// suits is levelFit, but 1 where either level is unknown.
func suits(level, wanted string) float64 { return fitOr(level, wanted, 1) }

func fitOr(level, wanted string, unknown float64) float64 {
	have, want := slices.Index(levels, level), slices.Index(levels, wanted)
	if have < 0 || want < 0 {
		return unknown
	}
	return []float64{1, 0.4, 0.1}[max(have-want, want-have)]
}

// nextLevel returns the level a learner of a skill is ready for.
func nextLevel(s Skill) string {
	at := slices.Index(levels, s.Level)
	if at < 0 {
		return levels[0]
	}
	if s.Mastery >= MasteredFrom {
		at = min(at+1, len(levels)-1)
	}
	return levels[at]
}

// teaches reports whether an item's terms have all of a skill's.
func teaches(c Candidate, s Skill) bool {
	for _, t := range s.Terms {
		if !slices.Contains(c.Terms, t) {
			return false
		}
	}
	return len(s.Terms) > 0
}
