package citations

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
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

func TestSpread(t *testing.T) {
	for _, lang := range languages {
		by := map[string][]float64{}
		for i, s := range judgedSources(t, lang) {
			if (i+1)%2 == 1 {
				continue
			}
			for _, c := range s.Claims {
				if c.Kind != "true" && c.Kind != "source" {
					continue
				}
				cl := Claim{Sentence: c.Sentence, Language: lang, Quote: c.Quote, Source: s.Text, Title: s.Title, Start: -1}
				a, b := locate(s.Text, c.Quote, -1)
				x, y := read(cl, a, b)
				by[c.Kind] = append(by[c.Kind], overlap(x, y))
			}
		}
		for k, v := range by {
			sort.Float64s(v)
			if k == "true" {
				v = v[:14]
			}
			fmt.Printf("%s %s %.2f\n", lang, k, v)
		}
	}
}

func TestAggregate(t *testing.T) {
	for half := range 2 {
		all := map[string][2]int{}
		near := [2]int{}
		for _, lang := range languages {
			for i, s := range judgedSources(t, lang) {
				if (i+1)%2 != half {
					continue
				}
				for k, c := range s.Claims {
					cl := Claim{Sentence: c.Sentence, Language: lang, Quote: c.Quote, Source: s.Text, Title: s.Title, Start: -1}
					n := all[c.Kind]
					n[1]++
					if Check(cl).State == Supported {
						n[0]++
					}
					all[c.Kind] = n
					if c.Kind == "true" {
						for d := 1; d < 10; d++ {
							if o := s.Claims[(k+d)%10]; o.Kind == "true" && o.Quote != c.Quote {
								cl.Quote = o.Quote
								break
							}
						}
						near[1]++
						if Check(cl).State == Supported {
							near[0]++
						}
					}
				}
			}
		}
		fmt.Println("half", half, "supported of:", all, "wrong sentence:", near)
	}
}
