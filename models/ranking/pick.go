package ranking

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
)

// Pick returns the indexes of up to n texts most relevant to a query, the best first.
// Rare words weigh more, and a text's length does not count (TF-IDF with a cosine
// norm). Texts that share only small words with the query, or score far less than the
// best one, are left out; ties keep their order.
func Pick(query string, texts []string, n int) []int {
	docs := make([]map[string]float64, len(texts))
	in := map[string]float64{} // number of texts a word is in
	for i, text := range texts {
		docs[i] = frequencies(text)
		for word := range docs[i] {
			in[word]++
		}
	}
	weight := func(word string) float64 { return math.Log(1 + float64(len(texts))/(1+in[word])) }
	type hit struct {
		index int
		score float64
	}
	var hits []hit
	asked := frequencies(query)
	for i, doc := range docs {
		if score := similarity(asked, doc, weight); score > 0 {
			hits = append(hits, hit{i, score})
		}
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(b.score, a.score) })
	picked := make([]int, 0, max(0, min(n, len(hits))))
	for _, h := range hits[:max(0, min(n, len(hits)))] {
		if h.score >= leastShare*hits[0].score {
			picked = append(picked, h.index)
		}
	}
	return picked
}

// leastShare is the least share of the best text's score that is picked.
const leastShare = 0.2

// smallWords say nothing about a text's subject.
const smallWords = " " +
	"about all also and any are because been but can could did does each for from had has have her his " +
	"how into its just like many may more most much not now off one only other our out over she some such " +
	"than that the their them then there these they this those too two under until use was were what when " +
	"where which while who why will with would you your der die das und ist ein eine mit für von den dem " +
	"des auf nicht wie les une est dans pour que qui los las del por con una para como gli nel per uma " +
	"dos não com "

// frequencies counts words, damped, without the small ones.
func frequencies(text string) map[string]float64 {
	counts := map[string]float64{}
	for _, word := range strings.FieldsFunc(strings.Join(texts.Words(text), " "), joint) {
		if (len(word) > 2 || !isASCII(word)) && !strings.Contains(smallWords, " "+word+" ") {
			counts[word]++
		}
	}
	for word, n := range counts {
		counts[word] = 1 + math.Log(n)
	}
	return counts
}

// joint reports what joins the parts of a word, each of which is searched for: l'eau, 3.14, snake_case.
func joint(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && r != '\u200C' && r != '\u200D'
}

func isASCII(word string) bool {
	for _, r := range word {
		if r > 127 {
			return false
		}
	}
	return true
}

func similarity(query, doc map[string]float64, weight func(string) float64) float64 {
	// In alphabetical order, so that equal texts have equal scores to the last bit.
	shared, norm := 0.0, 0.0
	for _, word := range sorted(doc) {
		w := doc[word] * weight(word)
		norm += w * w
		if q := query[word]; q > 0 {
			shared += q * weight(word) * w
		}
	}
	if shared == 0 {
		return 0
	}
	return shared / math.Sqrt(norm)
}

func sorted(words map[string]float64) []string {
	all := make([]string, 0, len(words))
	for word := range words {
		all = append(all, word)
	}
	slices.Sort(all)
	return all
}
