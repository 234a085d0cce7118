// Package sourcetest is a fake of the sites of package sources: one server that speaks the
// protocol of each, invents a few items for any topic, and can fail on demand. It is for
// tests and for development without a network.
package sourcetest
