// Package passages holds the text of sources as it was when it was read, by section and passage, so that
// what a course cites can be looked up although the source has changed.
package passages
