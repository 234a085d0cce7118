package quality_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/quality"
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
	score := quality.Quality(whole, "en", "beginner")
	require.InDelta(t, 1, score.Examples, 0)
	require.InDelta(t, 1, score.Summary, 0)
	require.InDelta(t, 1, score.Structure, 0)
	require.Greater(t, score.Total, 0.7)
	for name, bad := range map[string]string{
		"a stub":     "The moon.",
		"repetition": strings.Repeat("the moon pulls on the water ", 80),
		"one block":  strings.Join(strings.Fields(strings.NewReplacer("#", "", "example", "", "Summary", "").Replace(good)), " "),
	} {
		require.Less(t, quality.Quality(bad, "en", "beginner").Total, score.Total-0.1, name)
	}
}

func TestScoresAreWithinTheirBounds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.String().Draw(t, "text")
		s := quality.Quality(text, rapid.SampledFrom([]string{"en", "zh", ""}).Draw(t, "language"), "beginner")
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
	require.Less(t, quality.ReadingLevel(easy, "en"), 4.0)
	require.Greater(t, quality.ReadingLevel(hard, "en"), 14.0)
	require.Zero(t, quality.ReadingLevel("Too short.", "en"))
	require.Zero(t, quality.ReadingLevel(strings.Repeat("潮汐是海水的運動。", 30), "zh-TW"))
	require.InDelta(t, quality.ReadingLevel(easy, "en"), quality.ReadingLevel("# A heading\n\n"+easy+"\n```\nx := 1\n```\n", "en"), 0)
}

func TestReadingLevelKnowsTextsOfKnownGrades(t *testing.T) {
	t.Parallel()
	// By hand: 47 words, 61 syllables, 3 sentences: 0.39*15.67 + 11.8*1.30 - 15.59 = 5.8.
	tides := "The moon pulls on the water of the sea, and the water on the near side rises toward it. " +
		"The earth turns under this high water, so a coast meets it again after about twelve hours. " +
		"Sailors read these times in a table before leaving the harbour."
	require.InDelta(t, 5.8, quality.ReadingLevel(tides, "en-GB"), 0.3)
	require.Greater(t, quality.ReadingLevel(tides, "sv"), 5.0, "by letters rather than syllables")
	require.Zero(t, quality.ReadingLevel("", "en"))
}

func TestALessonTakesTheTimeOfItsWordsStepsAndQuestions(t *testing.T) {
	t.Parallel()
	words := strings.Repeat("word ", 1000)
	for text, want := range map[string]int{
		"": 1, words: 5, strings.Repeat("字", 2000): 5,
		words + "\n\n1. Fill a glass.\n2) Wait.\n   3. Look again.\n":         6 + 3,
		words + "\n\n- a thing\n* another\n2026 was dry. 3.5 litres\n1.5 m\n": 6,
		words + "\n\n- [ ] Try it.\n- [x] Tell it.\n":                         6 + 2,
		words + "\n\n```go\n1. no step\n```\n\n> ~~~\n> x := 1\n> ~~~\n":      6 + 2,
	} {
		require.Equal(t, want, quality.LessonMinutes(text, 0), "%.40q", text[max(len(text)-40, 0):])
	}
	require.Equal(t, 7, quality.LessonMinutes("", 7))
	require.Equal(t, 12, quality.LessonMinutes(words, 7))
}

func TestAnalysisOfContent(t *testing.T) {
	t.Parallel()
	whole := quality.Analyse(quality.Text{Body: good, Language: "en", Level: "beginner"})
	require.Greater(t, whole.Total, 0.5)
	copied := quality.Analyse(quality.Text{Body: good, Language: "en", Level: "beginner", Others: []string{good}})
	require.Zero(t, copied.Originality)
	require.Less(t, copied.Total, whole.Total)
	require.InDelta(t, whole.Total/2, quality.Analyse(quality.Text{Body: good, Language: "en", Level: "beginner", BrokenLink: true}).Total, 1e-6)
	require.Less(t, quality.Analyse(quality.Text{Body: "Moon.", Language: "en"}).Total, whole.Total)
	require.Zero(t, quality.Analyse(quality.Text{Body: good, Duplicate: true}).Originality)
}

func TestSentencesEndByTheMarksOfTheirScript(t *testing.T) {
	t.Parallel()
	for language, sentence := range map[string]string{
		"hi": "चाँद समुद्र का पानी खींचता है। ", "ur": "چاند سمندر کا پانی کھینچتا ہے۔ ", "ar": "هل يجذب القمر ماء البحر؟ ", "bn": "চাঁদ সাগরের জল টানে। ",
	} {
		require.Less(t, quality.ReadingLevel(strings.Repeat(sentence, 20), language), 9.0, language)
	}
	thai := strings.Repeat("ดวงจันทร์ดึงดูดน้ำทะเลให้สูงขึ้นวันละสองครั้ง ", 40)
	require.Zero(t, quality.ReadingLevel(thai, "th"))
	require.Greater(t, quality.Quality(thai, "th", "beginner").Length, 0.5)
}

func TestRunsOfFiveWordsAreAsLongInEveryScript(t *testing.T) {
	t.Parallel()
	require.Len(t, quality.Shingles("one two three four five six"), 2)
	require.Len(t, quality.Shingles("月亮的引力使海水上涨落"), 2, "ten characters each")
	require.Empty(t, quality.Shingles("月亮的引力使海水"))
	one, other := "月亮的引力使海水每天上涨两次，所以港口的人要看潮汐表。", "江户时代的町人生活丰富多彩，城市里的商业和文化十分发达。"
	require.Zero(t, quality.Similarity(quality.Shingles(one), quality.Shingles(other)))
}

func TestATextThatIsTooHardHasNoReadability(t *testing.T) {
	t.Parallel()
	score := quality.Quality(good, "en", "beginner")
	hard := score.TooHard()
	require.Zero(t, hard.Parts()["readability"])
	require.InDelta(t, score.Total-0.15*score.Readability, hard.Total, 0.001)
}
