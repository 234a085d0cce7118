package quality

import (
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// Limits of a lesson that needs no rewrite.
const (
	LeastWords     = 60  // fewer is a stub
	MostSimilarity = 0.7 // of two lessons' shingles; more is the same lesson twice
	shingleWords   = 5
)

// Lesson is the input of the rules.
type Lesson struct {
	Title, Text string
	Embedding   []float32 // of the text; nil: none, and lessons are compared by their words alone
}

// Weaknesses returns, for each lesson, the reasons to rewrite it, in words for a writer.
// The i-th entry belongs to the i-th lesson and is empty when it is good.
func Weaknesses(lessons []Lesson) [][]string {
	found := make([][]string, len(lessons))
	shingles := make([]map[string]bool, len(lessons))
	for i, l := range lessons {
		found[i] = weaknesses(l)
		shingles[i] = Shingles(l.Text)
		for j := range i {
			// The later of two is written again, so that one of them stays.
			if Similarity(shingles[i], shingles[j]) > MostSimilarity || Cosine(l.Embedding, lessons[j].Embedding) >= LessonCosine {
				found[i] = append(found[i], "It repeats the lesson \""+lessons[j].Title+"\".")
			}
		}
	}
	return found
}

func weaknesses(l Lesson) []string {
	var found []string
	if texts.CountWords(l.Text) < LeastWords {
		found = append(found, "It is too short.")
	}
	if repeatsItself(l.Text) {
		found = append(found, "It says the same paragraph more than once.")
	}
	return found
}

func repeatsItself(text string) bool {
	seen := map[string]bool{}
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		if texts.CountWords(paragraph) < 2*shingleWords {
			continue
		}
		key := strings.Join(texts.Words(paragraph), " ")
		if seen[key] {
			return true
		}
		seen[key] = true
	}
	return false
}

// Shingles returns the set of the text's runs of five words. Where a script has no spaces, runs have as
// many characters as five words have.
func Shingles(text string) map[string]bool { return setOf(runsOf(text, shingleWords)) }

// runsOf returns the text's runs of so many words, one from each word on.
func runsOf(text string, length int) []string {
	words := texts.Words(text)
	var runs []string
	quarters, end := 0, 0
	for i := range words {
		for ; end < len(words) && quarters < 4*length; end++ {
			quarters += texts.Quarters(words[end])
		}
		if quarters < 4*length {
			break
		}
		runs = append(runs, strings.Join(words[i:end], " "))
		quarters -= texts.Quarters(words[i])
	}
	return runs
}

func setOf(runs []string) map[string]bool {
	set := make(map[string]bool, len(runs))
	for _, run := range runs {
		set[run] = true
	}
	return set
}

// Similarity returns the Jaccard index of two sets: 0 nothing shared, 1 the same.
// Two empty sets share nothing.
func Similarity(a, b map[string]bool) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	shared := 0
	for s := range a {
		if b[s] {
			shared++
		}
	}
	return float64(shared) / float64(len(a)+len(b)-shared)
}
