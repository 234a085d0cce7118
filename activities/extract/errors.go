package extract

import (
	"errors"
	"fmt"
)

// The kinds of failures, found with errors.Is. All are final: the same document fails again.
var (
	// ErrUnsupported: of a kind that cannot be read, or not of the kind it says.
	ErrUnsupported = errors.New("kind of document not supported")
	// ErrTooLarge: too many pages, or too much text.
	ErrTooLarge = errors.New("document too large")
	// ErrPassword: a PDF that opens with a password only.
	ErrPassword = errors.New("document protected by a password")
	// ErrNoText: nothing to read in it.
	ErrNoText = errors.New("no text in the document")
	// ErrDamaged: broken or cut short.
	ErrDamaged = errors.New("document damaged")
	// ErrTooSlow: reading it took longer than Options.Timeout.
	ErrTooSlow = errors.New("document takes too long to read")
	// ErrTooHeavy: reading it takes more memory than the sandbox has, or than the process
	// has that reads it.
	ErrTooHeavy = errors.New("document too heavy to read")
	// ErrEncoding: text whose characters cannot be told from its bytes.
	ErrEncoding = errors.New("encoding of the text not known")
)

// Error says why a document cannot be read. Reason is a sentence for learners and holds
// nothing of the document.
type Error struct {
	Kind   error
	Reason string
	cause  error
}

// Error is the kind and the cause, for the log.
func (e *Error) Error() string {
	if e.cause == nil {
		return "extract: " + e.Kind.Error()
	}
	return fmt.Sprintf("extract: %v: %v", e.Kind, e.cause)
}

// Unwrap leads errors.Is to the kind and to the cause.
func (e *Error) Unwrap() []error {
	if e.cause == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.cause}
}

func unsupported() *Error {
	return &Error{Kind: ErrUnsupported, Reason: "Only PDF, Markdown, plain text and web pages can be read."}
}

func disguised(what string) *Error {
	return &Error{Kind: ErrUnsupported, Reason: "The content is not " + what + ", though it is said to be."}
}

func damaged(cause error) *Error {
	return &Error{Kind: ErrDamaged, Reason: "The document is damaged or incomplete.", cause: cause}
}

func tooMuchText(most int) *Error {
	return &Error{Kind: ErrTooLarge, Reason: fmt.Sprintf("The text is longer than %s. Split it into parts.", size(most))}
}

// TooSlow is for a document that takes longer than anybody waits for it.
func TooSlow(cause error) *Error {
	return &Error{Kind: ErrTooSlow, Reason: "Reading the document takes too long. It may be too complicated.", cause: cause}
}

// TooHeavy is for a document that must not be read again, since its reader did not survive it.
func TooHeavy(cause error) *Error {
	return &Error{
		Kind: ErrTooHeavy, cause: cause,
		Reason: "Reading the document takes more memory than there is for one. Split it into parts, or send its text.",
	}
}

func unknownEncoding() *Error {
	return &Error{Kind: ErrEncoding, Reason: "The encoding of the text cannot be told. Save it as UTF-8 and send it again."}
}

// size is a number of bytes in words.
func size(bytes int) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}
