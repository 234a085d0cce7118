package extractive_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/extractive"
)

var levels = []string{"beginner", "intermediate", "advanced"}

// The figures that courses of quotations are judged by, for each sample, level, and with its headings and
// without.
func TestCoursesOfTheSamplesAreGood(t *testing.T) {
	t.Parallel()
	for language, s := range samples(t) {
		for _, level := range levels {
			for _, headings := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s/%s/headings=%v", language, level, headings), func(t *testing.T) {
					t.Parallel()
					source := s
					if !headings {
						source.Sections = nil
					}
					r := extractive.Request{Language: language, Level: level, Sources: []extractive.Source{source}}
					c, ok := extractive.Write(r)
					require.True(t, ok)
					f := extractive.Evaluate(r, c)
					t.Logf("%+v", f)
					require.GreaterOrEqual(t, f.Lessons, extractive.LeastLessons)
					require.LessOrEqual(t, f.Lessons, extractive.MostLessons)
					require.GreaterOrEqual(t, f.AnswerInLesson, 0.95)
					require.GreaterOrEqual(t, f.SameKind, 0.9)
					require.InDelta(t, 1, f.OutsideStopWords, 0)
					require.InDelta(t, 1, f.OfParts, 0)
					require.InDelta(t, 1, f.InOrder, 0)
					for _, faults := range []int{f.Duplicates, f.Dangling, f.GivenAway, f.Unusable, f.Whole, f.NotVerbatim} {
						require.Zero(t, faults)
					}
					require.GreaterOrEqual(t, f.Questions, 3*f.Lessons)
					require.GreaterOrEqual(t, f.Definitions, 4)
					require.Positive(t, f.Numbers)
					require.GreaterOrEqual(t, f.Terms, 2*f.Lessons)
					requireHeadings(t, r, c)
				})
			}
		}
	}
}

// requireHeadings checks that titles differ, and that each heading is one of the source or is in its part.
func requireHeadings(t *testing.T, r extractive.Request, c extractive.Course) {
	t.Helper()
	titles := map[string]bool{}
	for _, l := range c.Lessons {
		require.NotEmpty(t, l.Title)
		require.False(t, titles[l.Title], l.Title)
		titles[l.Title] = true
		headings := map[string]bool{strings.ToLower(l.Title): true}
		for _, p := range l.Parts {
			h := strings.ToLower(p.Heading)
			require.NotEmpty(t, h)
			require.False(t, headings[h], p.Heading)
			headings[h] = true
			own := slices.ContainsFunc(r.Sources[0].Sections, func(s extractive.Section) bool { return strings.ToLower(s.Heading) == h })
			within := slices.ContainsFunc(p.Quotes, func(q extractive.Quote) bool { return strings.Contains(strings.ToLower(words(r, q)), h) })
			require.True(t, own || within, p.Heading)
		}
	}
}

func words(r extractive.Request, q extractive.Quote) string {
	return r.Sources[q.Source].Text[q.Start:q.End]
}

func TestLessonsHaveTheTitlesOfTheirSections(t *testing.T) {
	t.Parallel()
	r := extractive.Request{Topic: "volcanoes", Language: "en", Level: "beginner", Sources: []extractive.Source{samples(t)["en"]}}
	c, ok := extractive.Write(r)
	require.True(t, ok)
	require.Equal(t, "Volcanoes", c.Title)
	require.Contains(t, c.Tags, "magma")
	require.Contains(t, words(r, c.Summary[0]), "A volcano is an opening in the crust")
	var titles []string
	for _, l := range c.Lessons {
		titles = append(titles, l.Title)
		for _, p := range l.Parts {
			require.NotEqual(t, "See also", p.Heading)
		}
	}
	require.Subset(t, titles, []string{"Types of volcanoes", "Where volcanoes stand", "Eruptions and their dangers"})
	require.NotContains(t, titles, "See also")
}

func TestTermsComeWithTheirDefinitions(t *testing.T) {
	t.Parallel()
	for language, want := range map[string]map[string]string{
		"en": {"caldera": "A caldera is a wide basin"}, "de": {"Glashütte": "Eine Glashütte ist ein Betrieb"}, "es": {"estetoscopio": "El estetoscopio es un instrumento"},
		"hi": {"क्षुद्रग्रह": "क्षुद्रग्रह चट्टान या धातु"}, "ru": {"Эндемик": "Эндемик — это вид"}, "zh": {"提花机": "提花机是一种"},
	} {
		r := extractive.Request{Language: language, Level: "beginner", Sources: []extractive.Source{samples(t)[language]}}
		c, _ := extractive.Write(r)
		found := map[string]string{}
		for _, l := range c.Lessons {
			for _, term := range l.Terms {
				found[term.Term] = words(r, term.Definition)
			}
		}
		for term, definition := range want {
			require.Contains(t, found[term], definition, "%s: %v", language, found)
		}
	}
}

func TestTheNumberOfLessonsMayBeAskedFor(t *testing.T) {
	t.Parallel()
	for ask, want := range map[int]int{1: 3, 3: 3, 4: 4, 7: 7} {
		r := extractive.Request{Language: "en", Level: "beginner", Lessons: ask, Sources: []extractive.Source{samples(t)["en"]}}
		c, ok := extractive.Write(r)
		require.True(t, ok)
		require.Len(t, c.Lessons, want)
	}
}

func TestSectionsOfSeveralSourcesOnOneThemeComeTogether(t *testing.T) {
	t.Parallel()
	whole := samples(t)["en"]
	// The second source has every second section, in other words and without the others.
	other := extractive.Source{Title: "Fire mountains", Language: "en", Text: "A shield volcano has gentle slopes, because its lava flows far before it hardens to basalt. " +
		"A stratovolcano has steep slopes of lava and ash around one central vent. A cinder cone seldom grows higher than 300 metres. " +
		"The caldera of a large volcano may hold a lake for thousands of years. Shield volcanoes and cinder cones often stand side by side."}
	other.Sections = []extractive.Section{{Heading: "Shapes", Level: 2, Start: 0, End: len(other.Text)}}
	r := extractive.Request{Language: "en", Level: "intermediate", Sources: []extractive.Source{whole, other}}
	c, ok := extractive.Write(r)
	require.True(t, ok)
	f := extractive.Evaluate(r, c)
	require.Zero(t, f.Duplicates+f.Dangling+f.GivenAway+f.Unusable+f.Whole+f.NotVerbatim)
	for _, l := range c.Lessons {
		sources := map[int]bool{}
		for _, p := range l.Parts {
			for _, q := range p.Quotes {
				sources[q.Source] = true
			}
		}
		if sources[1] {
			require.Contains(t, l.ReadOn, extractive.Reading{Source: 0, Heading: "Types of volcanoes"})
			require.True(t, sources[0], l.Title)
		}
	}
}

func TestWhatTwoSourcesSayIsSaidOnce(t *testing.T) {
	t.Parallel()
	s := samples(t)["de"]
	r := extractive.Request{Language: "de", Level: "beginner", Sources: []extractive.Source{s, s}}
	c, ok := extractive.Write(r)
	require.True(t, ok)
	shown := map[string]bool{}
	for _, l := range c.Lessons {
		for _, p := range l.Parts {
			for _, q := range p.Quotes {
				require.False(t, shown[words(r, q)])
				shown[words(r, q)] = true
			}
		}
	}
}

func TestTooLittleTextMakesNoCourse(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "One short sentence is no course.", strings.Repeat("The same sentence again and again is no course either. ", 1000), strings.Repeat("no end ", 5000)} {
		_, ok := extractive.Write(extractive.Request{Language: "en", Sources: []extractive.Source{{Text: text}}})
		require.False(t, ok)
	}
	_, ok := extractive.Write(extractive.Request{Language: "en"})
	require.False(t, ok)
}

// A language that nothing is known of has no definitions, but lessons and questions all the same.
func TestAnyLanguageMakesACourse(t *testing.T) {
	t.Parallel()
	s := samples(t)["en"]
	s.Language = "xx"
	r := extractive.Request{Level: "intermediate", Sources: []extractive.Source{s}}
	c, ok := extractive.Write(r)
	require.True(t, ok)
	f := extractive.Evaluate(r, c)
	require.Positive(t, f.Questions)
	require.Zero(t, f.Definitions)
	require.Zero(t, f.Duplicates+f.GivenAway+f.Unusable+f.Whole+f.NotVerbatim, "%+v", f)
}
