// Package extracttest creates documents for tests: valid ones, and hostile ones that try to
// bring a reader down.
package extracttest
