// Package failover puts several model servers behind one writer, in the order of preference.
//
// A call goes to the first endpoint; when that cannot be reached, fails (5xx, a time-out,
// a stall, a cut stream), is overloaded or refuses the request, it goes on to the next. A
// bad answer is not carried further: the server did its part, and the caller's retry
// policy decides. Each endpoint has a breaker that counts failures, never refusals (4xx),
// never bad answers and never the caller's own cancel; an endpoint whose breaker is open
// is passed over.
//
// A Chain starts no goroutine and is safe for concurrent use.
package failover
