// Package eval lets a model write a fixed set of topics and measures what needs no human reader: how
// often answers were accepted, in which language they are, whether lessons repeat each other, whether
// the model answers its own quiz the same way twice, and the cost.
package eval
