package extractive_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/extractive"
	texts "github.com/lyoapp/lyo/models/text"
)

// longSource returns a text of at least some words: a sample again and again, each time with other nouns.
func longSource(t testing.TB, language string, words int) extractive.Source {
	t.Helper()
	sample := samples(t)[language]
	long := extractive.Source{Title: sample.Title, Language: language}
	var text strings.Builder
	for n := 0; texts.CountWords(text.String()) < words; n++ {
		other := strings.NewReplacer("o", fmt.Sprintf("o%c", 'a'+n), "en", fmt.Sprintf("%cen", 'b'+n), "蚕", string(rune('一'+n)), "丝", string(rune('丁'+2*n)))
		for _, s := range sample.Sections {
			heading := fmt.Sprintf("%s %d", s.Heading, n)
			text.WriteString(heading + "\n")
			start := text.Len()
			text.WriteString(other.Replace(sample.Text[s.Start:s.End]) + "\n")
			long.Sections = append(long.Sections, extractive.Section{Heading: heading, Level: s.Level, Start: start, End: text.Len()})
		}
	}
	long.Text = text.String()
	return long
}

func BenchmarkWrite(b *testing.B) {
	for _, language := range []string{"en", "de", "hi", "zh"} {
		for _, headings := range []bool{true, false} {
			b.Run(fmt.Sprintf("%s/20000words/headings=%v", language, headings), func(b *testing.B) {
				s := longSource(b, language, 20_000)
				if !headings {
					s.Sections = nil
				}
				r := extractive.Request{Language: language, Level: "beginner", Sources: []extractive.Source{s}}
				for b.Loop() {
					_, ok := extractive.Write(r)
					require.True(b, ok)
				}
			})
		}
	}
}
