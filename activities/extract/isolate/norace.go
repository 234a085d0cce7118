//go:build !race

package isolate

const raceFactor = 1
