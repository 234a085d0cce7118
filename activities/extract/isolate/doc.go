// Package isolate reads each document in a process of its own, so that a document that
// breaks its reader affects nothing else: the process is bounded in memory and time, has
// no secret, writes no file, and ends afterwards.
//
// The worker starts its own program for it, with the arguments of Options.Args, which
// must lead to Serve. The two communicate over standard input and output: a line of JSON
// and the document in one direction, one JSON value back.
package isolate
