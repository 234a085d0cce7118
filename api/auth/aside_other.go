//go:build !linux

package auth

// standBack does nothing: only Linux has a priority for each thread.
func standBack() {}
