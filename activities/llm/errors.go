package llm

import (
	"errors"
	"fmt"
	"time"
)

// Kind says what a caller can do about an Error.
type Kind string

// The kinds of errors.
const (
	// Unavailable: not reached, 5xx, a time-out, a stall, a cut stream. Later may work.
	Unavailable Kind = "unavailable"
	// Overloaded: the server said 429, or that its queue is full. Try again after RetryAfter.
	Overloaded Kind = "overloaded"
	// BadAnswer: the model's answer was refused, and so was its repair. Another try may differ.
	BadAnswer Kind = "bad_answer"
	// Misconfigured: the key, the model's name or the request is refused, the quota is used
	// up, or the prompt does not fit the server's context. Trying this server again is no use.
	Misconfigured Kind = "misconfigured"
)

// Error is the one error type of this package, found with errors.As. Message is safe to
// log and to show to an operator. RetryAfter is what the server asked for, 0 if nothing.
type Error struct {
	Kind       Kind
	Message    string
	RetryAfter time.Duration
	Err        error
}

// Error returns the kind and the message; the cause is reached by Unwrap only, since
// foreign errors may quote what must not be logged.
func (e *Error) Error() string { return fmt.Sprintf("gemma: %s: %s", e.Kind, e.Message) }

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of the first Error in err's chain, or "" if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	return ""
}
