package extractive_test

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/yuin/goldmark"

	"github.com/lyoapp/lyo/models/extractive"
)

// What Markdown shows before [n] is the n-th quote, to the letter.
func TestMarkdownShowsQuotesAsTheyAre(t *testing.T) {
	t.Parallel()
	for language, s := range samples(t) {
		r := extractive.Request{Language: language, Level: "beginner", Sources: []extractive.Source{s}}
		c, ok := extractive.Write(r)
		require.True(t, ok)
		for i, l := range c.Lessons {
			markdown, cited := extractive.Markdown(c, i, r)
			var page bytes.Buffer
			require.NoError(t, goldmark.Convert([]byte(markdown), &page))
			shown := html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page.String(), ""))
			for n, q := range cited {
				require.Contains(t, shown, fmt.Sprintf("%s [%d]", words(r, q), n+1))
			}
			require.Equal(t, len(cited), strings.Count(regexp.MustCompile(`\[(\d+)\]`).ReplaceAllStringFunc(shown, distinct()), "!"))
			require.GreaterOrEqual(t, len(cited), len(l.Parts)+len(l.Introduction))
		}
	}
}

// distinct returns a function that gives "!" for each text when it comes first.
func distinct() func(string) string {
	seen := map[string]bool{}
	return func(s string) string {
		if seen[s] {
			return ""
		}
		seen[s] = true
		return "!"
	}
}

func TestMarkdownIsInTheLanguage(t *testing.T) {
	t.Parallel()
	s := samples(t)["de"]
	r := extractive.Request{Language: "de-CH", Level: "beginner", Sources: []extractive.Source{s}}
	c, _ := extractive.Write(r)
	markdown, _ := extractive.Markdown(c, 1, r)
	require.Contains(t, markdown, "\n## Wichtige Begriffe\n")
	require.Contains(t, markdown, "\n## Zum Weiterlesen\n\n- Glas: Geschichte\n")
	require.NotContains(t, markdown, "Key terms")
}

func TestHeadingsAreEscaped(t *testing.T) {
	t.Parallel()
	r := extractive.Request{Sources: []extractive.Source{{Text: "Water is wet.", Title: "a*b"}}}
	c := extractive.Course{Lessons: []extractive.Lesson{{Parts: []extractive.Part{{Heading: "x_y\n<b>", Quotes: []extractive.Quote{{End: 13}}}}, ReadOn: []extractive.Reading{{}}}}}
	markdown, cited := extractive.Markdown(c, 0, r)
	require.Equal(t, "## x\\_y \\<b\\>\n\nWater is wet. [1]\n\n## Read on\n\n- a\\*b\n", markdown)
	require.Equal(t, []extractive.Quote{{End: 13}}, cited)
}
