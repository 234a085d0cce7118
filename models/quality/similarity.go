package quality

import "math"

// Least cosines of embeddings from which two texts say the same. They are not calibrated: no real weights
// were run, and no measured bound for EmbeddingGemma was found. So they are far on the careful side. The
// lessons of a course are all on one subject, and questions on one subject often differ in a single word,
// which embeddings show little of: a pair below a bound costs a repetition, one wrongly above it a good text.
const (
	LessonCosine   = 0.95
	QuestionCosine = 0.97
)

// Cosine returns the cosine of the angle between two vectors: 1 the same direction, 0 nothing in common.
// It is 0 for vectors that are empty, zero, or of different lengths.
func Cosine(a, b []float32) float64 {
	if len(a) != len(b) {
		return 0
	}
	var dot, left, right float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		dot, left, right = dot+x*y, left+x*x, right+y*y
	}
	if left == 0 || right == 0 {
		return 0
	}
	return dot / math.Sqrt(left*right)
}

// Mean returns the mean of vectors of one length, which stands for the text of which they are the parts;
// nil without any.
func Mean(vectors [][]float32) []float32 {
	if len(vectors) == 0 {
		return nil
	}
	mean := make([]float32, len(vectors[0]))
	for _, v := range vectors {
		for i := range mean {
			mean[i] += v[i] / float32(len(vectors))
		}
	}
	return mean
}
