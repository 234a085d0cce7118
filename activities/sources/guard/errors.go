package guard

import (
	"context"
	"errors"
	"fmt"

	"github.com/lyoapp/lyo/activities/refusal"
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

func refused(reason string) *refusal.Error { return &refusal.Error{Kind: ErrRefused, Reason: reason} }

// nowhere is the error of every address without a public host: of an internal one, of a name
// for one, and of an unknown name, since a difference would reveal which names exist.
func nowhere() *refusal.Error { return refused("The address does not lead to a public page.") }

// failure converts the error of an exchange; the caller's own context comes first.
func failure(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("guard: %w", ctx.Err())
	}
	if own, ok := errors.AsType[*refusal.Error](err); ok {
		return own
	}
	return &refusal.Error{Kind: ErrUnreachable, Reason: "The address could not be reached.", Cause: err}
}
