package guard

import (
	"context"
	"errors"
	"fmt"
)

// The kinds of failures, found with errors.Is.
var (
	// ErrRefused: the address, or one it leads to, is not allowed, or its name does not exist,
	// which is not distinguished. Final.
	ErrRefused = errors.New("address refused")
	// ErrTooLarge: the body unpacks to more than Options.MaxBytes. Final.
	ErrTooLarge = errors.New("body too large")
	// ErrMediaType: the document is not text, Markdown, HTML or PDF. Final.
	ErrMediaType = errors.New("kind of document not supported")
	// ErrStatus: the server answered, but not with the page.
	ErrStatus = errors.New("no page there")
	// ErrUnreachable: no connection, a time-out, a cut answer. A later retry may work.
	ErrUnreachable = errors.New("unreachable")
)

// Error is the failure of an exchange. Reason is a sentence for learners, without an address.
// Status is the HTTP status of an ErrStatus, else 0.
type Error struct {
	Kind   error
	Reason string
	Status int
	cause  error
}

// Error returns the kind and the reason. The cause is left out: other packages' errors quote addresses.
func (e *Error) Error() string { return fmt.Sprintf("guard: %v: %s", e.Kind, e.Reason) }

// Unwrap returns the kind and the cause, for errors.Is.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func refused(reason string) *Error { return &Error{Kind: ErrRefused, Reason: reason} }

// nowhere is the error of every address without a public host: of an internal one, of a name
// for one, and of an unknown name, since a difference would reveal which names exist.
func nowhere() *Error { return refused("The address does not lead to a public page.") }

// failure converts the error of an exchange; the caller's own context comes first.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("guard: %w", ctx.Err())
	}
	if own, ok := errors.AsType[*Error](err); ok {
		return own
	}
	return &Error{Kind: ErrUnreachable, Reason: "The address could not be reached.", cause: err}
}
