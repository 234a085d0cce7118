//go:build !linux

package auth

// lowerPriority does nothing: only Linux has a priority for each thread.
func lowerPriority() {}
