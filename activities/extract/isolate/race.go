//go:build race

package isolate

// raceFactor is how much more everything takes under the race detector.
const raceFactor = 8
