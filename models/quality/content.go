package quality

import "math"

// Analysis is what can be measured of an item's quality without understanding it, each part
// from 0 to 1. A model's rating is separate.
type Analysis struct {
	Readability float64
	Length      float64
	Structure   float64
	Originality float64 // 0: a duplicate
	Total       float64 // the weighted mean; a broken link halves it
}

// Text is what is analysed. Others are the texts it may repeat.
type Text struct {
	Body, Language, Level string
	Others                []string
	Duplicate             bool // known to be one by its address
	BrokenLink            bool
}

// The weights of the parts of an Analysis; they add up to 1.
const (
	shareReadability = 0.25
	shareLength      = 0.25
	shareStructure   = 0.2
	shareOriginality = 0.3
)

// Analyse measures a text.
func Analyse(t Text) Analysis {
	score := Quality(t.Body, t.Language, t.Level)
	a := Analysis{Readability: score.Readability, Length: score.Length, Structure: score.Structure, Originality: score.Repetition}
	shingles := Shingles(t.Body)
	for _, other := range t.Others {
		a.Originality = math.Min(a.Originality, 1-Similarity(shingles, Shingles(other)))
	}
	if t.Duplicate {
		a.Originality = 0
	}
	a.Total = shareReadability*a.Readability + shareLength*a.Length + shareStructure*a.Structure + shareOriginality*a.Originality
	if t.BrokenLink {
		a.Total /= 2
	}
	a.Total = math.Round(a.Total*1e6) / 1e6
	return a
}
