// Package llm asks a language model behind an OpenAI-compatible server for the
// parts of a course: an outline, one lesson, one lesson's practice.
//
// What it promises to its callers:
//
//   - every answer it returns has been checked: it ended on its own, parses strictly,
//     satisfies the schema and the rules a schema cannot say;
//   - a refused answer is repaired at most once, in the same conversation;
//   - it never retries a request: the caller's retry policy is the only one;
//   - every failure is an *Error with a Kind, except that the end of the caller's
//     context comes back as that context's error, wrapped;
//   - no message of an error holds the API key or a prompt.
//
// Servers differ in small ways; Options.Dialect says which one it is. Several servers in
// order of preference, with a breaker each, are package failover's.
//
// A Client is safe for concurrent use. A call owns at most one goroutine, which has
// ended when the call returns.
package llm
