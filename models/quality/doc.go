// Package quality holds the pure rules about texts: what makes a lesson weak, how readable
// a text is, when two texts are the same, which posts and topics break a rule, and how much
// a new account may write. Values in, values out.
package quality
