package extract

import (
	"errors"
	"fmt"

	"github.com/lyoapp/lyo/activities/refusal"
)

// The kinds of failures, found with errors.Is. All are final: the same document fails again.
var (
	// ErrUnsupported: of an unsupported kind, or not of the declared kind.
	ErrUnsupported = errors.New("kind of document not supported")
	// ErrTooLarge: too many pages, or too much text.
	ErrTooLarge = errors.New("document too large")
	// ErrPassword: a PDF that needs a password.
	ErrPassword = errors.New("document protected by a password")
	// ErrNoText: no text in it.
	ErrNoText = errors.New("no text in the document")
	// ErrDamaged: broken or cut short.
	ErrDamaged = errors.New("document damaged")
	// ErrTooSlow: reading it took longer than Options.Timeout.
	ErrTooSlow = errors.New("document takes too long to read")
	// ErrTooHeavy: reading it takes more memory than the sandbox has, or than the process that
	// reads it.
	ErrTooHeavy = errors.New("document too heavy to read")
	// ErrEncoding: text in an encoding that cannot be determined.
	ErrEncoding = errors.New("encoding of the text not known")
)

func unsupported() *refusal.Error {
	return &refusal.Error{Kind: ErrUnsupported, Reason: "Only PDF, Markdown, plain text and web pages can be read."}
}

func disguised(what string) *refusal.Error {
	return &refusal.Error{Kind: ErrUnsupported, Reason: "The content is not " + what + ", though it is said to be."}
}

func damaged(cause error) *refusal.Error {
	return &refusal.Error{Kind: ErrDamaged, Reason: "The document is damaged or incomplete.", Cause: cause}
}

func tooMuchText(most int) *refusal.Error {
	return &refusal.Error{Kind: ErrTooLarge, Reason: fmt.Sprintf("The text is longer than %s. Split it into parts.", size(most))}
}

// TooSlow returns the error of a document whose reading exceeds the time limit.
func TooSlow(cause error) *refusal.Error {
	return &refusal.Error{Kind: ErrTooSlow, Reason: "Reading the document takes too long. It may be too complicated.", Cause: cause}
}

// TooHeavy returns the error of a document that must not be read again, since it ended its reader.
func TooHeavy(cause error) *refusal.Error {
	return &refusal.Error{
		Kind: ErrTooHeavy, Cause: cause,
		Reason: "Reading the document takes more memory than there is for one. Split it into parts, or send its text.",
	}
}

func unknownEncoding() *refusal.Error {
	return &refusal.Error{Kind: ErrEncoding, Reason: "The encoding of the text cannot be detected. Save it as UTF-8 and send it again."}
}

// size returns a number of bytes in words.
func size(bytes int) string {
	if bytes >= 1<<20 {
		return fmt.Sprintf("%d MiB", bytes>>20)
	}
	return fmt.Sprintf("%d KiB", bytes>>10)
}
