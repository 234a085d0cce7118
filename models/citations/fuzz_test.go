package citations

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func FuzzCheck(f *testing.F) {
	for _, language := range languages {
		for _, s := range judgedSources(f, language)[:2] {
			for _, c := range s.Claims {
				f.Add(c.Sentence, c.Quote, s.Text, language, 0)
			}
		}
	}
	f.Add("1/0 of 0.0.0 3:99 II½ 十分之零", "1/0 of 0.0.0 3:99 II½ 十分之零", "1/0 of 0.0.0 3:99 II½ 十分之零", "zh", 3)
	f.Fuzz(func(t *testing.T, sentence, quote, source, language string, start int) {
		v := Check(Claim{Sentence: sentence, Language: language, Quote: quote, Source: source, Start: start})
		if (v.State == Unsupported) != (len(v.Reasons) > 0) {
			t.Errorf("%s for %q", v.State, v.Reasons)
		}
		if v.Start < 0 {
			return
		}
		found := strings.Fields(norm.NFC.String(source[v.Start:v.End]))
		if strings.Join(found, " ") != strings.Join(strings.Fields(norm.NFC.String(quote)), " ") {
			t.Errorf("found %q", source[v.Start:v.End])
		}
	})
}
