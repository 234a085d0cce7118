// Package refusal has the error of what a learner brings and Lyo cannot use: a document that cannot be read,
// or an address that gives no page.
package refusal

import "fmt"

// Error is the reason, found with errors.As. Kind is one of the errors that the packages name, found with
// errors.Is. Reason is a sentence for learners, with nothing of the document and no address.
type Error struct {
	Kind   error
	Reason string
	Status int   // of an HTTP answer that was not the page, else 0
	Cause  error // reached by Unwrap only: errors of other packages quote addresses; may be nil
}

// Error returns the kind and the reason.
func (e *Error) Error() string { return fmt.Sprintf("%v: %s", e.Kind, e.Reason) }

// Unwrap returns the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Cause}
}
