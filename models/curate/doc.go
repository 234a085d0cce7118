// Package curate holds the pure rules of content: what makes a lesson weak and
// when two texts are the same. Values in, values out.
package curate
