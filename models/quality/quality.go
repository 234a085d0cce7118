package quality

import (
	"maps"
	"math"
	"slices"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// Score is what can be measured of a lesson's quality without understanding it. Each
// part is from 0 to 1, and so is Total, their weighted mean.
type Score struct {
	Length      float64 // enough words to teach something
	Structure   float64 // headings and paragraphs
	Examples    float64 // has an example: code, a list of steps, or the word
	Summary     float64 // ends with a summary
	Repetition  float64 // 1: repeats nothing
	Readability float64 // sentences of a length for the level
	Total       float64
}

// weights of the parts of a Score; they add up to 1.
var weights = map[string]float64{
	"length": 0.25, "structure": 0.15, "examples": 0.15, "summary": 0.1, "repetition": 0.2, "readability": 0.15,
}

// Parts returns the parts by name.
func (s Score) Parts() map[string]float64 {
	return map[string]float64{
		"length": s.Length, "structure": s.Structure, "examples": s.Examples,
		"summary": s.Summary, "repetition": s.Repetition, "readability": s.Readability,
	}
}

// wholeLesson is how many words make a whole lesson.
const wholeLesson = 400

// Quality scores a lesson in Markdown, in a language (BCP 47) and for a level.
func Quality(text, language, level string) Score {
	s := Score{
		Length:      math.Min(float64(texts.CountWords(text))/wholeLesson, 1),
		Structure:   structure(text),
		Examples:    examples(text),
		Summary:     closing(text),
		Repetition:  1 - repeated(text),
		Readability: readable(text, language, level),
	}
	return s.sum()
}

// sum returns the score with its total.
func (s Score) sum() Score {
	s.Total = 0
	parts := s.Parts()
	for _, part := range slices.Sorted(maps.Keys(parts)) { // in order, so that sums are the same to the last bit
		s.Total += weights[part] * parts[part]
	}
	s.Total = math.Round(s.Total*1000) / 1000
	return s
}

// TooHard returns the score of a text whose sentences do not suit the level, in whatever language.
func (s Score) TooHard() Score {
	s.Readability = 0
	return s.sum()
}

// structure scores headings and paragraphs; three and four are enough.
func structure(text string) float64 {
	headings, paragraphs := 0, 0
	for block := range strings.SplitSeq(text, "\n\n") {
		switch block = strings.TrimSpace(block); {
		case strings.HasPrefix(block, "#"):
			headings++
		case block != "":
			paragraphs++
		}
	}
	return (math.Min(float64(headings)/3, 1) + math.Min(float64(paragraphs)/4, 1)) / 2
}

// exampleWords name examples in the languages courses are most often in.
//
//nolint:misspell // other languages than English
var exampleWords = []string{
	"example", "for instance", "suppose", "beispiel", "ejemplo", "exemple", "exemplo", "esempio", "voorbeeld", "örnek",
	"пример", "приклад", "przykład", "例", "예를", "예시", "उदाहरण", "উদাহরণ", "مثال", "ví dụ", "ตัวอย่าง",
}

func examples(text string) float64 {
	lower := strings.ToLower(text)
	if strings.Contains(text, "```") || containsAny(lower, exampleWords) {
		return 1
	}
	if strings.Contains(text, "\n1. ") {
		return 0.5 // steps, at least
	}
	return 0
}

var summaryWords = []string{
	"summary", "in short", "recap", "key takeaway", "zusammenfassung", "resumen", "résumé", "en bref", "resumo", "riassunto", "samenvatting",
	"özet", "итог", "підсумок", "podsumowanie", "まとめ", "总结", "總結", "요약", "सारांश", "সারাংশ", "ملخص", "خلاصه", "خلاصہ", "tóm tắt", "สรุป",
}

// closing scores a summary in the last third of the text.
func closing(text string) float64 {
	letters := []rune(strings.ToLower(text))
	if containsAny(string(letters[len(letters)*2/3:]), summaryWords) {
		return 1
	}
	return 0
}

func containsAny(text string, words []string) bool {
	for _, w := range words {
		if strings.Contains(text, w) {
			return true
		}
	}
	return false
}

// repeated returns the share of five-word runs that occur more than once.
func repeated(text string) float64 {
	all := runsOf(text, shingleWords)
	if len(all) == 0 {
		return 0
	}
	return 1 - float64(len(setOf(all)))/float64(len(all))
}

// readable scores how the text's reading level suits the level.
func readable(text, language, level string) float64 {
	years := ReadingLevel(text, language)
	if years == 0 {
		return 1 // unknown: no deduction
	}
	most := map[string]float64{"beginner": 11, "intermediate": 14, "advanced": 18}[level]
	if most == 0 {
		most = 14
	}
	return math.Min(math.Max(1-(years-most)/6, 0), 1)
}
