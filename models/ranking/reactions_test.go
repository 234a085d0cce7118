package ranking_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/ranking"
)

func TestHotOrdersAsDecayDoesAtAnyMoment(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	rapid.Check(t, func(rt *rapid.T) {
		draw := func(name string) (float64, time.Time) {
			likes, commenters := rapid.IntRange(0, 5000).Draw(rt, name+" likes"), rapid.IntRange(0, 500).Draw(rt, name+" commenters")
			return ranking.Reactions(likes, commenters), start.Add(time.Duration(rapid.IntRange(0, 30*24*60).Draw(rt, name+" minute")) * time.Minute)
		}
		reactionsA, createdA := draw("a")
		reactionsB, createdB := draw("b")
		now := start.Add(time.Duration(rapid.IntRange(30*24, 60*24).Draw(rt, "hours")) * time.Hour)
		hotter := ranking.Hot(reactionsA, createdA) - ranking.Hot(reactionsB, createdB)
		ratio := ranking.Decayed(reactionsA, now.Sub(createdA)) / ranking.Decayed(reactionsB, now.Sub(createdB))
		switch {
		case hotter > 1e-9:
			require.Greater(rt, ratio, 1.0)
		case hotter < -1e-9:
			require.Less(rt, ratio, 1.0)
		}
	})
	require.InDelta(t, 0.5*ranking.Decayed(3, 0), ranking.Decayed(3, 24*time.Hour), 1e-12)
}
