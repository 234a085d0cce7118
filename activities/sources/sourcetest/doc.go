// Package sourcetest stands in for the sites of package sources: one server that speaks
// the protocol of each, makes up a few items for whatever topic is asked, and fails when
// told to. It is for tests and for development without a network.
package sourcetest
