// Package llmtest is a fake model server: it speaks the chat-completions protocol over
// real HTTP on loopback, gives plausible answers to its requests, counts them, and can
// fail in the ways real servers fail.
//
// It makes embeddings too, of the words of a text: texts with the same words in another order have the
// same one.
//
// The kind of a request is recognised by the schema's name in response_format, or by the
// shape the prompt asks for; everything else is a lesson. Answers are in the requested
// language if that is English, German, Spanish, French, Russian or Japanese. A Server is
// safe for concurrent use, and Close ends everything it started.
package llmtest
