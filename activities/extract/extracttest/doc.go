// Package extracttest makes documents for tests: honest ones, and such as somebody would
// send who wants a reader to fall.
package extracttest
