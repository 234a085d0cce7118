package extractive_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/extractive"
)

// source reads a text in Markdown with headings of one # for its title and more for its sections.
func source(t testing.TB, file, language string) extractive.Source {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	s := extractive.Source{Language: language}
	var plain strings.Builder
	end := func() {
		if n := len(s.Sections); n > 0 {
			s.Sections[n-1].End = plain.Len()
		}
	}
	for line := range strings.Lines(string(text)) {
		heading := strings.TrimLeft(line, "#")
		switch level := len(line) - len(heading); level {
		case 0:
			plain.WriteString(line)
		case 1:
			s.Title = strings.TrimSpace(heading)
		default:
			end()
			plain.WriteString(strings.TrimSpace(heading) + "\n")
			s.Sections = append(s.Sections, extractive.Section{Heading: strings.TrimSpace(heading), Level: level, Start: plain.Len()})
		}
	}
	end()
	s.Text = plain.String()
	return s
}

// samples are the texts of testdata by language.
func samples(t testing.TB) map[string]extractive.Source {
	t.Helper()
	files, err := filepath.Glob("testdata/*.md")
	require.NoError(t, err)
	all := map[string]extractive.Source{}
	for _, f := range files {
		language := strings.TrimSuffix(filepath.Base(f), ".md")
		all[language] = source(t, f, language)
	}
	return all
}
