//go:build race

package isolate

// raceFactor scales all limits under the race detector.
const raceFactor = 8
