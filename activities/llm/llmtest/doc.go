// Package llmtest is a stand-in for a model server: it speaks the chat-completions
// protocol over real HTTP on loopback, answers plausibly from what it is asked, counts
// what it was asked, and fails in the ways real servers fail when told to.
//
// What is asked for is told by the name of the schema in response_format, or by the shape
// the prompt asks for; everything else is a lesson. Answers are in the language asked for
// where that is English, German, Spanish, French, Russian or Japanese. A Server is safe for
// concurrent use, and Close ends everything it started.
package llmtest
