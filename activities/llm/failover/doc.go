// Package failover combines several model servers into one writer, in order of preference.
//
// A call goes to the first endpoint; when that cannot be reached, fails (5xx, a time-out,
// a stall, a cut stream), is overloaded or refuses the request, the next one is called. A
// bad answer is returned at once: the server did its part, and the caller's retry policy
// decides. Each endpoint has a circuit breaker that counts failures, never refusals (4xx),
// never bad answers and never the caller's own cancel; an endpoint whose breaker is open
// is skipped.
//
// A Chain starts no goroutine and is safe for concurrent use.
package failover
