package ranking_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/ranking"
)

func TestPickFindsWhatHasToDoWithIt(t *testing.T) {
	t.Parallel()
	texts := []string{
		"The history of bread and of the people who bake it.",
		"Tides are the rise and fall of the sea, caused by the moon.",
		"The sea is salty. The sea is deep.",
		"Nothing in common whatsoever",
	}
	require.Equal(t, []int{1, 2}, ranking.Pick("Why the moon moves the sea: tides", texts, 2))
	require.Equal(t, []int{1}, ranking.Pick("moon", texts, 5))
	require.Empty(t, ranking.Pick("quantum", texts, 3))
	require.Empty(t, ranking.Pick("Why is that, and of what?", texts, 3), "small words are no similarity")
	require.Empty(t, ranking.Pick("moon", nil, 3))
	require.Empty(t, ranking.Pick("moon", texts, -1))
}

func TestPickIsSteady(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringMatching(`[a-d ]{0,20}`)).Draw(t, "texts")
		query, n := rapid.StringMatching(`[a-d ]{0,12}`).Draw(t, "query"), rapid.IntRange(0, 5).Draw(t, "n")
		first := ranking.Pick(query, texts, n)
		if len(first) > n {
			t.Fatalf("%d picked of %d", len(first), n)
		}
		for range 3 {
			require.Equal(t, first, ranking.Pick(query, texts, n))
		}
	})
}
