package ranking

import (
	"math"
	"time"

	"github.com/google/uuid"
)

// TrendingHalfLife is the time in which an interaction loses half its weight.
const TrendingHalfLife = 48 * time.Hour

// TrendingWindow is the greatest age of an interaction that counts: by then it weighs 1/32768.
const TrendingWindow = 30 * 24 * time.Hour

// TrendingWeights returns the weights of one person's new interactions, by action.
func TrendingWeights() map[string]float64 {
	return map[string]float64{"view": 0.1, "like": 0.5, "comment": 0.8, "share": 1.0}
}

// Interaction is one interaction of a user with an item.
type Interaction struct {
	User   uuid.UUID
	Action string
	At     time.Time
}

// Trending returns the decayed count of distinct people. Each action of a person counts once, at
// its last time. Interactions in the future count as new.
func Trending(interactions []Interaction, now time.Time) float64 {
	type kind struct {
		user   uuid.UUID
		action string
	}
	last := map[kind]time.Time{}
	for _, i := range interactions {
		k := kind{i.User, i.Action}
		if at, ok := last[k]; !ok || i.At.After(at) {
			last[k] = i.At
		}
	}
	score := 0.0
	for k, at := range last {
		if age := now.Sub(at); age <= TrendingWindow {
			score += TrendingWeights()[k.action] * Decay(age, TrendingHalfLife)
		}
	}
	return score
}

// Decay returns the remaining weight after an age.
func Decay(age, halfLife time.Duration) float64 {
	return math.Exp2(-math.Max(age.Hours(), 0) / halfLife.Hours())
}
