package citations

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

var languages = []string{"en", "de", "es", "ru", "hi", "zh"}

type judgedSource struct {
	Title, Text string
	Claims      []struct{ Kind, Sentence, Quote string }
}

func judgedSources(t testing.TB, language string) []judgedSource {
	t.Helper()
	data, err := os.ReadFile("testdata/" + language + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var sources []judgedSource
	if err := json.Unmarshal(data, &sources); err != nil {
		t.Fatal(err)
	}
	return sources
}

func TestTune(t *testing.T) {
	for _, lang := range languages {
		counts := map[string][2]int{}
		for i, s := range judgedSources(t, lang) {
			if (i+1)%2 == 1 {
				continue
			}
			for _, c := range s.Claims {
				v := Check(Claim{Sentence: c.Sentence, Language: lang, Quote: c.Quote, Source: s.Text, Title: s.Title, Start: -1})
				n := counts[c.Kind]
				n[1]++
				if (c.Kind == "true") != (v.State == Supported) {
					n[0]++
					fmt.Println(lang, c.Kind, "|", c.Sentence, "|", c.Quote, "|", v.Reasons)
				}
				counts[c.Kind] = n
			}
		}
		fmt.Println("==", lang, counts)
	}
}
