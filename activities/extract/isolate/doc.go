// Package isolate reads documents in a process of their own, so that what a document
// does to its reader happens to nobody else: each gets a process that is bounded in
// memory and time, knows no secret, writes no file, and is gone afterwards.
//
// The worker starts its own program again for it, with the arguments of Options.Args,
// which must lead to Serve. What is said between the two goes over standard input and
// output: a line of JSON and the document there, one JSON value back.
package isolate
