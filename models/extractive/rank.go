package extractive

import (
	"cmp"
	"math"
	"slices"
)

// feature is a word of a sentence's vector: which one, and its weight.
type feature struct {
	word   int
	weight float64
}

// tokens returns what a sentence is compared by: stems without stop words, and pairs of characters where the
// script has no spaces.
func (s *sentence) tokens() []string {
	var found []string
	for i, w := range s.words {
		switch {
		case w.stop || w.digits:
		case !w.unspaced:
			found = append(found, w.stem)
		case len(w.lower) > 6: // a word of several characters, such as one in Katakana
			found = append(found, w.lower)
		case i+1 < len(s.words) && s.words[i+1].unspaced && !s.words[i+1].stop && s.words[i+1].start == w.end && !kana(w.lower):
			found = append(found, s.text[w.start:s.words[i+1].end])
		}
	}
	return found
}

// kana reports a character of Hiragana, which mostly spells endings.
func kana(s string) bool { return s >= "\u3041" && s < "\u30a0" }

// vectorize finds the TF-IDF vectors of the sentences, of length 1, and returns their postings.
func (b *book) vectorize() (postings [][]feature) {
	ids := map[string]int{}
	counts := make([]map[int]int, len(b.sentences))
	for i := range b.sentences {
		counts[i] = map[int]int{}
		for _, t := range b.sentences[i].tokens() {
			id, known := ids[t]
			if !known {
				id = len(ids)
				ids[t] = id
				postings = append(postings, nil)
			}
			counts[i][id]++
		}
		for id := range counts[i] {
			postings[id] = append(postings[id], feature{word: i})
		}
	}
	vectors := make([][]feature, len(b.sentences))
	for i, c := range counts {
		square := 0.0
		for id, n := range c {
			w := (1 + math.Log(float64(n))) * math.Log(1+float64(len(b.sentences))/float64(len(postings[id])))
			vectors[i] = append(vectors[i], feature{id, w})
		}
		slices.SortFunc(vectors[i], func(a, b feature) int { return cmp.Compare(a.word, b.word) })
		for _, f := range vectors[i] { // in order, so that the sum is the same to the last bit
			square += f.weight * f.weight
		}
		for j := range vectors[i] {
			vectors[i][j].weight /= math.Sqrt(square)
		}
	}
	for id := range postings {
		postings[id] = postings[id][:0]
	}
	for i, v := range vectors {
		for _, f := range v {
			postings[f.word] = append(postings[f.word], feature{i, f.weight})
		}
	}
	b.vectors = vectors
	return postings
}

const (
	mostPostings = 300  // a word in more sentences says nothing about two of them
	leastAlike   = 0.08 // a cosine below it is chance
	twins        = 0.75 // a cosine above it is a repeat
)

// rank gives each sentence its weight, about 1, and takes out the later one of two that say the same.
func (b *book) rank() {
	postings := b.vectorize()
	edges := make([][]feature, len(b.vectors))
	sums := make([]float64, len(b.vectors))
	cosines := make([]float64, len(b.vectors))
	for i := range b.vectors {
		touched := b.compare(i, postings, cosines)
		for _, j := range touched {
			if c := cosines[j]; c >= leastAlike {
				edges[i] = append(edges[i], feature{j, c})
				sums[i] += c
				if c >= twins && j < i && b.sentences[j].fit {
					b.sentences[i].fit = false
				}
			}
			cosines[j] = 0
		}
	}
	for i, w := range walk(edges, sums) {
		b.sentences[i].weight = w
	}
}

// compare finds the cosines of a sentence with the others, and returns those that have one, in their order.
func (b *book) compare(i int, postings [][]feature, cosines []float64) []int {
	var touched []int
	for _, f := range b.vectors[i] {
		if len(postings[f.word]) > mostPostings {
			continue
		}
		for _, p := range postings[f.word] {
			if p.word == i {
				continue
			}
			if cosines[p.word] == 0 {
				touched = append(touched, p.word)
			}
			cosines[p.word] += f.weight * p.weight
		}
	}
	slices.Sort(touched)
	return touched
}

// walk is TextRank: how often a reader is at each sentence who goes on to one that is like it. The mean is 1.
func walk(edges [][]feature, sums []float64) []float64 {
	const rounds, damping = 20, 0.85
	weights := make([]float64, len(edges))
	for i := range weights {
		weights[i] = 1
	}
	for range rounds {
		next := make([]float64, len(edges))
		for i := range next {
			next[i] = 1 - damping
		}
		for i, to := range edges {
			for _, e := range to {
				next[e.word] += damping * weights[i] * e.weight / sums[i]
			}
		}
		weights = next
	}
	return weights
}
