package llm

import (
	"errors"
	"fmt"
	"time"
)

// Kind classifies an Error by what a caller can do.
type Kind string

// The kinds of errors.
const (
	// Unavailable: not reached, 5xx, a time-out, a stall, a cut stream. A later retry may work.
	Unavailable Kind = "unavailable"
	// Overloaded: the server answered 429, or that its queue is full. Retry after RetryAfter.
	Overloaded Kind = "overloaded"
	// BadAnswer: the model's answer was refused, and so was its repair. A retry may differ.
	BadAnswer Kind = "bad_answer"
	// Misconfigured: the key, the model's name or the request is refused, the quota is used
	// up, or the prompt does not fit the server's context. A retry at this server is no use.
	Misconfigured Kind = "misconfigured"
)

// Error is the one error type of this package, found with errors.As. Message is safe to
// log and to show to an operator. RetryAfter is the server's, 0 if it gave none.
type Error struct {
	Kind       Kind
	Message    string
	RetryAfter time.Duration
	Err        error
}

// Error returns the kind and the message; the cause is reached by Unwrap only, since
// errors of other packages may quote what must not be logged.
func (e *Error) Error() string { return fmt.Sprintf("llm: %s: %s", e.Kind, e.Message) }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, or "" if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
