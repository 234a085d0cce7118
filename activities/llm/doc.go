// Package llm asks a language model behind an OpenAI-compatible server for the
// parts of a course: an outline, one lesson, one lesson's practice.
//
// Its guarantees to callers:
//
//   - every answer it returns has been checked: it ended on its own, parses strictly,
//     satisfies the schema and the rules a schema cannot express;
//   - a refused answer is repaired at most once, in the same conversation;
//   - it never retries a request: the caller's retry policy is the only one;
//   - every failure is an *Error with a Kind, except that the end of the caller's
//     context comes back as that context's error, wrapped;
//   - no error message contains the API key or a prompt.
//
// Servers differ in small ways; Options.Dialect selects the variant. Package failover
// orders several servers by preference, with a circuit breaker each.
//
// A Client is safe for concurrent use. A call owns at most one goroutine, which has
// ended when the call returns.
package llm
