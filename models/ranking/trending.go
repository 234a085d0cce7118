package ranking

import (
	"math"
	"time"

	"github.com/google/uuid"
)

// TrendingHalfLife is how long a deed takes to count half.
const TrendingHalfLife = 48 * time.Hour

// TrendingWindow is how old a deed may be to count at all: by then it weighs 1/32768.
const TrendingWindow = 30 * 24 * time.Hour

// TrendingWeights are what one person's deed counts when it is fresh.
func TrendingWeights() map[string]float64 {
	return map[string]float64{"view": 0.1, "like": 0.5, "comment": 0.8, "share": 1.0}
}

// Deed is something somebody did with a thing.
type Deed struct {
	User   uuid.UUID
	Action string
	At     time.Time
}

// Trending is the decayed count of distinct people: of each person every kind of deed
// counts once, the last time it was done. Deeds of the future count as fresh.
func Trending(deeds []Deed, now time.Time) float64 {
	type kind struct {
		user   uuid.UUID
		action string
	}
	last := map[kind]time.Time{}
	for _, d := range deeds {
		k := kind{d.User, d.Action}
		if at, ok := last[k]; !ok || d.At.After(at) {
			last[k] = d.At
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

// Decay is what is left of 1 after an age.
func Decay(age, halfLife time.Duration) float64 {
	return math.Exp2(-math.Max(age.Hours(), 0) / halfLife.Hours())
}
