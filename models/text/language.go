package text

import (
	"strings"

	"github.com/abadojack/whatlanggo"
)

// Bounds of what a language is told by. The confidence of trigrams makes no sense for long texts, so a
// long one is told by samples of it.
const (
	sampleBytes = 2000
	mostSamples = 5
)

// Language returns the language of a text as a tag of BCP 47, by its trigrams; "" when they do not tell
// for certain, as in a short or mixed text.
func Language(s string) string {
	samples := []string{s}
	if len(s) > sampleBytes {
		samples = nil
		step := max(len(s)/mostSamples, sampleBytes)
		for at := 0; at+sampleBytes <= len(s); at += step {
			samples = append(samples, strings.ToValidUTF8(s[at:at+sampleBytes], ""))
		}
	}
	votes := map[string]int{}
	for _, sample := range samples {
		if info := whatlanggo.Detect(sample); info.IsReliable() {
			votes[info.Lang.Iso6391()]++
		}
	}
	for tag, n := range votes {
		if 2*n > len(samples) {
			return tag
		}
	}
	return ""
}
