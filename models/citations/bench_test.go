package citations

import (
	"strings"
	"testing"
)

// BenchmarkCheck checks a citation in a source of 20,000 words whose quote is at its end.
func BenchmarkCheck(b *testing.B) {
	for _, language := range languages {
		s := judgedSources(b, language)[0]
		size := len(tokens(s.Text))
		if lexiconOf(language).unspacedWords() {
			size /= 2
		}
		filler := judgedSources(b, language)[1].Text + "\n"
		source := strings.Repeat(filler, 20000/size) + s.Text
		b.Run(language, func(b *testing.B) {
			for i := 0; b.Loop(); i++ {
				c := s.Claims[i%len(s.Claims)]
				Check(Claim{Sentence: c.Sentence, Language: language, Quote: c.Quote, Source: source, Title: s.Title, Start: -1})
			}
		})
	}
}
