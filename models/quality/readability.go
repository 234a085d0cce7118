package quality

import (
	"math"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// wordsPerMinute is a learner's reading speed; lettersPerMinute is for scripts
// written without spaces.
const (
	wordsPerMinute   = 200
	lettersPerMinute = 400
)

// LessonMinutes returns how long a lesson takes: to read its text, and a minute for each of its steps (see
// text.Steps) and for each question about it. It is at least a minute.
func LessonMinutes(text string, questions int) int {
	dense, rest := 0, strings.Builder{}
	for _, r := range text {
		if texts.Unspaced(r) {
			dense++
			r = ' '
		}
		rest.WriteRune(r)
	}
	reading := float64(len(texts.Words(rest.String())))/wordsPerMinute + float64(dense)/lettersPerMinute
	return max(int(math.Ceil(reading))+texts.Steps(text)+questions, 1)
}

// ReadingLevel returns the years of school that a text requires, 0 to 18. For English it is the
// Flesch-Kincaid grade (Kincaid and others, 1975: syllables a word, words a sentence; syllables
// are counted by groups of vowels). For other languages with spaces, whose syllables are
// written in too many ways, it is the automated readability index (Senter and Smith, 1967:
// letters a word, words a sentence), which is a little high where words are long. Results are
// limited to 1 to 18. 0 means unknown: fewer than 30 words, or a script without spaces.
func ReadingLevel(text, language string) float64 {
	sentences := texts.MarkdownSentences(text)
	prose := strings.Join(sentences, "\n")
	words := texts.Words(prose)
	if len(words) < leastForLevel || writtenWithoutSpaces(language, prose) {
		return 0
	}
	size, perSize, perSentence, base := letters, 4.71, 0.5, 21.43
	if baseOf(language) == "en" {
		size, perSize, perSentence, base = syllables, 11.8, 0.39, 15.59
	}
	all := 0
	for _, w := range words {
		all += size(w)
	}
	level := perSize*float64(all)/float64(len(words)) + perSentence*float64(len(words))/float64(len(sentences)) - base
	return math.Round(min(max(level, 1), 18)*10) / 10
}

func letters(word string) int { return len([]rune(word)) }

// syllables counts those of an English word: its groups of vowels, without a silent e at the end.
func syllables(word string) int {
	n, within := 0, false
	for _, r := range word {
		vowel := strings.ContainsRune("aeiouyáéíóúèêëïöü", r)
		if vowel && !within {
			n++
		}
		within = vowel
	}
	silent := strings.HasSuffix(word, "e") && !strings.HasSuffix(word, "le") || strings.HasSuffix(word, "ed") && !strings.HasSuffix(word, "ted") && !strings.HasSuffix(word, "ded")
	if silent && n > 1 {
		n--
	}
	return max(n, 1)
}

func baseOf(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(language, "_", "-")), "-")
	return base
}

const leastForLevel = 30 // words

func writtenWithoutSpaces(language, text string) bool {
	switch baseOf(language) {
	case "zh", "ja", "th", "lo", "km", "my", "bo":
		return true
	}
	return texts.MostlyUnspaced(text)
}
