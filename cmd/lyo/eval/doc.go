// Package eval has a fixed set of topics written by a model and measures what can
// be measured without a human reader: how often answers were accepted, in which language
// they are, whether lessons repeat each other, whether the model answers its own quiz
// the same way twice, and what all that cost.
package eval
