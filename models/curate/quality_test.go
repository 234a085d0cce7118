package curate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/curate"
)

const good = `# Tides

## Why the sea rises

The moon pulls on the water. The water on the near side is pulled more than the earth below it. So it rises there.

## An example

For example, a harbour sees high water at noon. The next one comes a little after midnight, since the moon has moved on.

## Practice at home

Look up the tides of a beach you know. Write down four of them. Compare the times between them.

## Summary

The moon makes two bulges of water. The earth turns under them, and so most coasts have two tides a day.
`

func TestAGoodLessonScoresBetterThanABadOne(t *testing.T) {
	t.Parallel()
	whole := good + strings.Repeat("\nNew words follow here. ", 2)
	score := curate.Quality(whole, "en", "beginner")
	require.InDelta(t, 1, score.Examples, 0)
	require.InDelta(t, 1, score.Summary, 0)
	require.InDelta(t, 1, score.Structure, 0)
	require.Greater(t, score.Total, 0.7)
	for name, bad := range map[string]string{
		"a stub":     "The moon.",
		"repetition": strings.Repeat("the moon pulls on the water ", 80),
		"one block":  strings.Join(strings.Fields(strings.NewReplacer("#", "", "example", "", "Summary", "").Replace(good)), " "),
	} {
		require.Less(t, curate.Quality(bad, "en", "beginner").Total, score.Total-0.1, name)
	}
}

func TestScoresAreWithinTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		s := curate.Quality(text, rapid.SampledFrom([]string{"en", "zh", ""}).Draw(t, "language"), "beginner")
		for part, value := range s.Parts() {
			if value < 0 || value > 1 {
				t.Fatalf("%s is %v", part, value)
			}
		}
		if s.Total < 0 || s.Total > 1 {
			t.Fatalf("total is %v", s.Total)
		}
	})
}

func TestReadingLevelGrowsWithTheText(t *testing.T) {
	t.Parallel()
	easy := strings.Repeat("The cat sat on a mat. It saw a dog. ", 10)
	hard := strings.Repeat("Constitutional interpretation presupposes methodological commitments concerning institutional legitimacy, "+
		"notwithstanding considerable jurisprudential disagreement regarding originalism, textualism and purposivism. ", 5)
	require.Less(t, curate.ReadingLevel(easy, "en"), 4.0)
	require.Greater(t, curate.ReadingLevel(hard, "en"), 14.0)
	require.Zero(t, curate.ReadingLevel("Too short.", "en"))
	require.Zero(t, curate.ReadingLevel(strings.Repeat("潮汐是海水的運動。", 30), "zh-TW"))
	require.InDelta(t, curate.ReadingLevel(easy, "en"), curate.ReadingLevel("# A heading\n\n"+easy+"\n```\nx := 1\n```\n", "en"), 0)
}

func TestReadingLevelKnowsTextsOfKnownGrades(t *testing.T) {
	t.Parallel()
	// By hand: 47 words, 61 syllables, 3 sentences: 0.39*15.67 + 11.8*1.30 - 15.59 = 5.8.
	tides := "The moon pulls on the water of the sea, and the water on the near side rises toward it. " +
		"The earth turns under this high water, so a coast meets it again after about twelve hours. " +
		"Sailors read these times in a table before leaving the harbour."
	require.InDelta(t, 5.8, curate.ReadingLevel(tides, "en-GB"), 0.3)
	require.Greater(t, curate.ReadingLevel(tides, "sv"), 5.0, "by letters rather than syllables")
	require.Zero(t, curate.ReadingLevel("", "en"))
}

func TestReadingTakesItsTime(t *testing.T) {
	t.Parallel()
	require.Equal(t, 1, curate.ReadingMinutes(""))
	require.Equal(t, 5, curate.ReadingMinutes(strings.Repeat("word ", 1000)))
	require.Equal(t, 5, curate.ReadingMinutes(strings.Repeat("字", 2000)))
}

func TestPickFindsWhatHasToDoWithIt(t *testing.T) {
	t.Parallel()
	texts := []string{
		"The history of bread and of the people who bake it.",
		"Tides are the rise and fall of the sea, caused by the moon.",
		"The sea is salty. The sea is deep.",
		"Nothing in common whatsoever",
	}
	require.Equal(t, []int{1, 2}, curate.Pick("Why the moon moves the sea: tides", texts, 2))
	require.Equal(t, []int{1}, curate.Pick("moon", texts, 5))
	require.Empty(t, curate.Pick("quantum", texts, 3))
	require.Empty(t, curate.Pick("Why is that, and of what?", texts, 3), "small words are no likeness")
	require.Empty(t, curate.Pick("moon", nil, 3))
	require.Empty(t, curate.Pick("moon", texts, -1))
}

func TestPickIsSteady(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.SliceOf(rapid.StringMatching(`[a-d ]{0,20}`)).Draw(t, "texts")
		query, n := rapid.StringMatching(`[a-d ]{0,12}`).Draw(t, "query"), rapid.IntRange(0, 5).Draw(t, "n")
		first := curate.Pick(query, texts, n)
		if len(first) > n {
			t.Fatalf("%d picked of %d", len(first), n)
		}
		for range 3 {
			require.Equal(t, first, curate.Pick(query, texts, n))
		}
	})
}
