// Package citations judges whether what a sentence says is in the passage that it cites: pure rules, without a
// model. The quote must be in the source word for word, and the numbers, names and negations of the sentence
// must agree with it. Values in, values out.
package citations
