package guard

import (
	"context"
	"errors"
	"fmt"
)

// The kinds of failures, found with errors.Is.
var (
	// ErrRefused: the address, or one it leads to, is not one that may be asked, or its name
	// is known to nobody, which is not told apart. Final.
	ErrRefused = errors.New("address refused")
	// ErrTooLarge: the body unpacks to more than Options.MaxBytes. Final.
	ErrTooLarge = errors.New("body too large")
	// ErrMediaType: what came is no text, Markdown, HTML or PDF. Final.
	ErrMediaType = errors.New("kind of document not supported")
	// ErrStatus: the server answered, but not with the page.
	ErrStatus = errors.New("no page there")
	// ErrUnreachable: no connection, a time-out, a cut answer. Later may work.
	ErrUnreachable = errors.New("unreachable")
)

// Error says what failed. Reason is a sentence for learners; it holds no address.
// Status is the HTTP status of an ErrStatus, else 0.
type Error struct {
	Kind   error
	Reason string
	Status int
	cause  error
}

// Error is the kind and the reason. The cause is left out: foreign errors quote addresses.
func (e *Error) Error() string { return fmt.Sprintf("guard: %v: %s", e.Kind, e.Reason) }

// Unwrap leads errors.Is to the kind and to the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func refused(reason string) *Error { return &Error{Kind: ErrRefused, Reason: reason} }

// nowhere is said of every address that leads to no public host: of one inside, of a name
// that stands for one, and of a name that nobody knows, or it would tell which there are.
func nowhere() *Error { return refused("The address does not lead to a public page.") }

// failure names what went wrong with an exchange; the caller's own context comes first.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("guard: %w", ctx.Err())
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	return &Error{Kind: ErrUnreachable, Reason: "The address could not be reached.", cause: err}
}
