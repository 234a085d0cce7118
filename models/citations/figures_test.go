package citations

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
)

// languages are those that there are judged sentences in.
var languages = []string{"en", "de", "es", "ru", "hi", "zh"}

// judgedSource is a source and what is said of it: true, or a lie of a kind.
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

// tally is how many of the claims of a kind were found unsupported, of how many.
type tally struct{ found, all int }

func (t tally) share() float64 { return float64(t.found) / float64(t.all) }

func (t *tally) add(state State) {
	t.all++
	if state == Unsupported {
		t.found++
	}
}

// figures counts what the checker finds in one half of a language's sources, by kind. Of the kind neighbour are true
// sentences with the quote of another one of the same source.
func figures(t testing.TB, language string, odd bool, into map[string]*tally) {
	t.Helper()
	for i, s := range judgedSources(t, language) {
		if (i%2 == 0) != odd {
			continue
		}
		for k, c := range s.Claims {
			claim := Claim{Sentence: c.Sentence, Language: language, Quote: c.Quote, Source: s.Text, Title: s.Title, Start: -1}
			into[c.Kind].add(Check(claim).State)
			for next := k + 1; c.Kind == "true" && next < k+len(s.Claims); next++ {
				if other := s.Claims[next%len(s.Claims)]; other.Kind == "true" && other.Quote != c.Quote {
					claim.Quote = other.Quote
					into["neighbour"].add(Check(claim).State)
					break
				}
			}
		}
	}
}

var kinds = []string{"number", "source", "quote", "negation", "true", "neighbour"}

func tallies() map[string]*tally {
	all := map[string]*tally{}
	for _, kind := range kinds {
		all[kind] = &tally{}
	}
	return all
}

// TestFiguresOfTheChecker computes the figures of docs/benchmarks/citations.md. The thresholds and words were fixed on
// the sources with even numbers, counted from one; the bounds are for the others.
func TestFiguresOfTheChecker(t *testing.T) {
	t.Logf("| half | language | %s |", strings.Join(kinds, " | "))
	for _, odd := range []bool{false, true} {
		all := tallies()
		for _, language := range languages {
			of := tallies()
			figures(t, language, odd, of)
			for kind, n := range of {
				all[kind].found += n.found
				all[kind].all += n.all
			}
			logFigures(t, odd, language, of)
		}
		logFigures(t, odd, "all", all)
		if !odd {
			continue
		}
		plain := tally{all["number"].found + all["source"].found + all["quote"].found, all["number"].all + all["source"].all + all["quote"].all}
		if plain.share() < 0.99 {
			t.Errorf("%d of %d lies of numbers, sources and quotes are found", plain.found, plain.all)
		}
		if all["negation"].share() < 0.8 {
			t.Errorf("%d of %d lies of negation are found", all["negation"].found, all["negation"].all)
		}
		if all["true"].share() > 0.02 {
			t.Errorf("%d of %d true sentences are taken for lies", all["true"].found, all["true"].all)
		}
	}
}

func logFigures(t *testing.T, odd bool, language string, of map[string]*tally) {
	t.Helper()
	row := "| fixed on | "
	if odd {
		row = "| tested on | "
	}
	row += language + " |"
	for _, kind := range kinds {
		row += fmt.Sprintf(" %d of %d |", of[kind].found, of[kind].all)
	}
	t.Log(row)
}

func TestThereAreAThousandJudgedSentences(t *testing.T) {
	sources, claims, lies := 0, 0, 0
	for _, language := range languages {
		for _, s := range judgedSources(t, language) {
			sources++
			for _, c := range s.Claims {
				claims++
				if c.Kind != "true" {
					lies++
				}
				if strings.Contains(s.Text, c.Quote) == (c.Kind == "quote") {
					t.Errorf("%s, %s: the quote of %q", language, s.Title, c.Sentence)
				}
			}
		}
	}
	if sources != 100 || claims != 1000 || lies != 300 {
		t.Errorf("%d sources, %d sentences, %d lies", sources, claims, lies)
	}
}
