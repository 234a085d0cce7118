package citations

import "strings"

// germanOnes are the parts of German numbers up to nineteen, and of the tens.
var germanOnes = map[string]float64{
	"ein": 1, "eins": 1, "zwei": 2, "drei": 3, "vier": 4, "fünf": 5, "sechs": 6, "sieben": 7, "acht": 8, "neun": 9, "zehn": 10, "elf": 11,
	"zwölf": 12, "dreizehn": 13, "vierzehn": 14, "fünfzehn": 15, "sechzehn": 16, "siebzehn": 17, "achtzehn": 18, "neunzehn": 19, "zwanzig": 20,
	"dreißig": 30, "vierzig": 40, "fünfzig": 50, "sechzig": 60, "siebzig": 70, "achtzig": 80, "neunzig": 90,
}

// germanTails are what may follow a number within a word.
var germanTails = []string{"mal", "fach", "fache", "fachen"}

// germanNumber reads a number that is written as one word: a cardinal, an ordinal, or how many times.
func germanNumber(text string) []numeral {
	if value, ok := germanValue(text); ok {
		return []numeral{{'c', value}}
	}
	for _, tail := range germanTails {
		if stem, ok := strings.CutSuffix(text, tail); ok {
			if value, ok := germanValue(stem); ok {
				return []numeral{{'c', value}}
			}
		}
	}
	for _, ending := range []string{"ste", "sten", "ster", "stes", "stem", "te", "ten", "ter", "tes", "tem"} {
		if stem, ok := strings.CutSuffix(text, ending); ok {
			if value, ok := germanValue(stem); ok {
				return []numeral{{'o', value}}
			}
		}
	}
	return nil
}

// germanValue returns the value of a cardinal in one word.
func germanValue(text string) (float64, bool) {
	if value, ok := germanOnes[text]; ok {
		return value, true
	}
	if text == "anderthalb" {
		return 1.5, true
	}
	if whole, ok := strings.CutSuffix(text, "einhalb"); ok {
		value, ok := germanValue(whole)
		return value + 0.5, ok
	}
	for _, scale := range []struct {
		word  string
		value float64
	}{{"tausend", 1000}, {"hundert", 100}} {
		before, after, found := strings.Cut(text, scale.word)
		if !found {
			continue
		}
		times, rest := 1.0, 0.0
		ok := true
		if before != "" {
			times, ok = germanValue(before)
		}
		if after = strings.TrimPrefix(after, "und"); ok && after != "" {
			rest, ok = germanValue(after)
		}
		return times*scale.value + rest, ok && rest < scale.value
	}
	if one, ten, found := strings.Cut(text, "und"); found {
		ones, tens := germanOnes[one], germanOnes[ten]
		return ones + tens, ones > 0 && ones < 10 && tens >= 20
	}
	return 0, false
}
