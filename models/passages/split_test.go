package passages

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

const long = "The sea rises and falls twice a day, and whoever lives at the coast knows when; it has been written down for two thousand years and more."

func bodies(text string, sections []Section) map[string]string {
	found := map[string]string{}
	for _, s := range sections {
		found[s.Heading] = text[s.Begins:s.Ends]
	}
	return found
}

func TestSectionsAreFoundByTheirHeadings(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"Markdown":               "Before.\n\n# Tides\n\n" + long + "\n\n" + long + "\n\n## The moon\n" + long + "\n",
		"underlined":             "Before.\n\nTides\n=====\n\n" + long + "\n\n" + long + "\n\n# The moon #\n\n" + long,
		"lines that stand alone": "Before.\n\nTides\n\n" + long + "\n\n" + long + "\n\nThe moon\n\n" + long,
	} {
		got := bodies(text, SectionsOf(text))
		require.Equal(t, "Before.", got[""], name)
		require.Equal(t, long, got["The moon"], name)
		require.Contains(t, got["Tides"], long+"\n\n"+long, name)
		require.Len(t, got, 3, name)
	}
	require.Equal(t, []Section{{Begins: 0, Ends: len(long)}}, SectionsOf(long+"\n"))
	require.Equal(t, []Section{{Begins: 2, Ends: 2 + 2*len(long) + 2}}, SectionsOf("\n\n"+long+"\n\n"+long+"\n"))
	require.Empty(t, SectionsOf(" \n\n"))
}

func TestLongParagraphsAreCutBetweenSentences(t *testing.T) {
	t.Parallel()
	text := strings.TrimSpace(strings.Repeat(long+" ", 40))
	parts := split(text, SectionsOf(text))
	require.Greater(t, len(parts), 2)
	var rest []string
	for _, p := range parts {
		require.LessOrEqual(t, p.ends-p.begins, longestPassage)
		require.True(t, strings.HasSuffix(text[p.begins:p.ends], "more."))
		rest = append(rest, text[p.begins:p.ends])
	}
	require.Equal(t, text, strings.Join(rest, " "))
}

func TestPassagesLieInTheirText(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"# ", "\n\n", "\n", "===\n", "## x\n", long, "Заголовок", "。", "  ", "#", "1. "}))
		text := strings.ToValidUTF8(strings.Join(rapid.SliceOfN(piece, 0, 30).Draw(rt, "pieces"), ""), "")
		sections := SectionsOf(text)
		at := 0
		for _, s := range sections {
			require.LessOrEqual(rt, at, s.Begins)
			require.LessOrEqual(rt, s.Begins, s.Ends)
			require.LessOrEqual(rt, s.Ends, len(text))
			require.True(rt, utf8.ValidString(text[s.Begins:s.Ends]))
			at = s.Ends
		}
		at = 0
		for _, p := range split(text, sections) {
			require.LessOrEqual(rt, at, p.begins)
			require.Less(rt, p.begins, p.ends)
			require.True(rt, utf8.ValidString(text[p.begins:p.ends]))
			require.Equal(rt, strings.TrimSpace(text[p.begins:p.ends]), text[p.begins:p.ends])
			at = p.ends
		}
	})
}
