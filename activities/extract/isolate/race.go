//go:build race

package isolate

// raceFactor scales the default limits under the race detector.
const raceFactor = 8
