package extractive_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/extractive"
)

// pieces are what texts of the properties are made of: words of all scripts, marks, broken markup and broken
// encoding.
var pieces = []string{
	"water", "The", "is a", "are", "1815", "12 %", "3.5", "Zelle", "ist eine", "это", "—", "पानी", "है।", "细胞", "是一种", "。", "プレート", "とは", "である。", "น้ำ", "คือ",
	"ماء", "هو", ".", ". ", "! ", "?", "\n", "\n\n", "# ", "- ", "* ", "| a | b | c |", "[1]", "<b>", "](", "```", "“", "”", "(", ")", "\xff", "\u200b", "\u0301", "🦊", "Dr.", "z. B.",
	"he", "They", "however", "Magma", "magma", "lava", "volcano", "stone", "carries", "of the", "under", "old", "hot", "deep", "planet", "moves", "_", "$", "&amp;", "\r\n", "http://x.y",
}

func anyText() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		switch rapid.IntRange(0, 5).Draw(t, "form") {
		case 0:
			return rapid.String().Draw(t, "text")
		case 1:
			return strings.Repeat(rapid.SampledFrom(pieces).Draw(t, "word")+" ", rapid.IntRange(1, 3000).Draw(t, "times"))
		case 2:
			return strings.Repeat("Magma is molten rock that lies deep in the planet. ", 1000)
		case 3:
			return prose(t)
		}
		return strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 0, 400).Draw(t, "pieces"), rapid.SampledFrom([]string{" ", ""}).Draw(t, "between"))
	})
}

// prose returns sentences of random words, of which courses can be made.
func prose(t *rapid.T) string {
	nouns := []string{"stone", "river", "planet", "engine", "garden", "winter", "letter", "circle", "valley", "market", "copper", "sailor", "bridge", "lantern", "number"}
	verbs := []string{"carries", "holds", "feeds", "is a", "covers", "follows"}
	var b strings.Builder
	for range rapid.IntRange(20, 120).Draw(t, "sentences") {
		noun := rapid.SampledFrom(nouns)
		b.WriteString(rapid.SampledFrom([]string{"The ", "A ", "It and the ", "However, the "}).Draw(t, "opening") + noun.Draw(t, "one") + " " + rapid.SampledFrom(verbs).Draw(t, "verb") + " " +
			noun.Draw(t, "two") + " near the " + noun.Draw(t, "three") + " in " + rapid.SampledFrom([]string{"1815", "1903", "1777", "1650", "1999"}).Draw(t, "year") + " with the " + noun.Draw(t, "four"))
		b.WriteString(rapid.SampledFrom([]string{". ", ".\n", ".\n\n", " "}).Draw(t, "end"))
	}
	return b.String()
}

func anyRequest() *rapid.Generator[extractive.Request] {
	return rapid.Custom(func(t *rapid.T) extractive.Request {
		language := rapid.SampledFrom([]string{"en", "de", "es", "fr", "it", "pt", "nl", "pl", "ru", "uk", "tr", "ar", "fa", "ur", "hi", "bn", "th", "vi", "zh", "ja", "ko", "sv", "", "de-CH"})
		r := extractive.Request{
			Topic: rapid.StringN(0, 10, -1).Draw(t, "topic"), Language: language.Draw(t, "language"), Level: rapid.SampledFrom(append(levels, "")).Draw(t, "level"),
			Lessons: rapid.SampledFrom([]int{0, 0, 3, 5, 8, -1, 100}).Draw(t, "lessons"),
		}
		for range rapid.IntRange(0, 3).Draw(t, "sources") {
			s := extractive.Source{Title: rapid.SampledFrom([]string{"", "Rocks", "A\nB"}).Draw(t, "title"), Language: language.Draw(t, "its language"), Text: anyText().Draw(t, "text")}
			for range rapid.IntRange(0, 4).Draw(t, "sections") {
				at := rapid.IntRange(-2, len(s.Text)+2)
				s.Sections = append(s.Sections, extractive.Section{
					Heading: rapid.SampledFrom([]string{"", "Rocks", "References", "\xff*x*"}).Draw(t, "heading"), Level: rapid.IntRange(-1, 4).Draw(t, "depth"), Start: at.Draw(t, "start"), End: at.Draw(t, "end"),
				})
			}
			r.Sources = append(r.Sources, s)
		}
		return r
	})
}

func TestAnyTextMakesNoCourseOrASoundOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { requireSoundOrNone(t, anyRequest().Draw(t, "request")) })
}

// Sentences of the samples in any order, with anything between, under any headings, make sound courses.
func TestShuffledSamplesMakeSoundCourses(t *testing.T) {
	t.Parallel()
	all := samples(t)
	made := 0
	rapid.Check(t, func(t *rapid.T) {
		language := rapid.SampledFrom([]string{"en", "de", "es", "hi", "ru", "zh"}).Draw(t, "language")
		r := extractive.Request{Language: language, Level: rapid.SampledFrom(levels).Draw(t, "level"), Lessons: rapid.SampledFrom([]int{0, 3, 5, 8}).Draw(t, "lessons")}
		for range rapid.IntRange(1, 2).Draw(t, "sources") {
			paragraphs := rapid.Permutation(strings.SplitAfter(all[language].Text, "\n")).Draw(t, "paragraphs")
			s := extractive.Source{Title: all[language].Title}
			for _, p := range paragraphs {
				if rapid.IntRange(0, 3).Draw(t, "heading") == 0 {
					s.Sections = append(s.Sections, extractive.Section{Heading: rapid.SampledFrom(pieces).Draw(t, "its text"), Level: rapid.IntRange(1, 3).Draw(t, "depth"), Start: len(s.Text)})
				}
				s.Text += p + rapid.SampledFrom(append(pieces, "", "", "")).Draw(t, "between")
				if n := len(s.Sections); n > 0 {
					s.Sections[n-1].End = len(s.Text)
				}
			}
			r.Sources = append(r.Sources, s)
		}
		made += requireSoundOrNone(t, r)
	})
	require.Positive(t, made)
}

// requireSoundOrNone returns 1 where a course was made.
func requireSoundOrNone(t *rapid.T, r extractive.Request) int {
	c, ok := extractive.Write(r)
	again, _ := extractive.Write(r)
	require.Equal(t, c, again)
	if !ok {
		require.Empty(t, c)
		return 0
	}
	requireSound(t, r, c)
	return 1
}

func requireSound(t *rapid.T, r extractive.Request, c extractive.Course) {
	require.GreaterOrEqual(t, len(c.Lessons), extractive.LeastLessons)
	require.LessOrEqual(t, len(c.Lessons), extractive.MostLessons)
	sound := func(q extractive.Quote) {
		text := r.Sources[q.Source].Text
		require.Less(t, q.Start, q.End)
		require.True(t, q.Start >= 0 && q.End <= len(text) && utf8.ValidString(text[q.Start:q.End]))
	}
	for _, q := range c.Summary {
		sound(q)
	}
	for i, l := range c.Lessons {
		require.GreaterOrEqual(t, len(l.Parts), extractive.LeastParts)
		require.LessOrEqual(t, len(l.Questions), extractive.MostQuestions)
		require.NotEmpty(t, l.Title)
		for _, p := range l.Parts {
			require.NotEmpty(t, p.Quotes)
		}
		markdown, cited := extractive.Markdown(c, i, r)
		require.True(t, utf8.ValidString(markdown))
		for _, q := range cited {
			sound(q)
			require.Contains(t, markdown, r.Sources[q.Source].Text[q.Start:q.End])
		}
		for _, q := range l.Questions {
			sound(q.From)
			require.Contains(t, q.Prompt, extractive.Blank)
			require.Len(t, q.Options, 4)
		}
	}
	f := extractive.Evaluate(r, c)
	require.Zero(t, f.Duplicates+f.Dangling+f.GivenAway+f.Unusable+f.Whole+f.NotVerbatim, "%+v", f)
	require.InDelta(t, 1, f.AnswerInLesson*f.OutsideStopWords*f.SameKind*f.OfParts*f.InOrder, 0, "%+v", f)
}
