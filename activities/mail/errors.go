package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"slices"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// Error is the reason why a mail was not delivered. Of the server's answer it holds only
// the codes, since servers quote recipients and sometimes the mail.
type Error struct {
	// Permanent means that a retry would end the same way: the server refuses the recipient or the mail for good. What it
	// has against us, such as a wrong password or sender, operators can mend.
	Permanent bool
	// Status is the server's answer, such as 550; 0: none.
	Status int
	// Reason is for operators.
	Reason string
	cause  error
}

// Error returns the reason and the server's code.
func (e *Error) Error() string {
	if e.Status == 0 {
		return "mail: " + e.Reason
	}
	return fmt.Sprintf("mail: %s (%d)", e.Reason, e.Status)
}

// Unwrap returns a cause not worded by the server: the end of the context, or an error
// of the disk.
func (e *Error) Unwrap() error { return e.cause }

func refused(reason string) *Error { return &Error{Permanent: true, Reason: reason} }

// steps name the command that the server refused.
var steps = map[gomail.SendErrReason]string{
	gomail.ErrSMTPMailFrom:  "the server refuses the sender",
	gomail.ErrSMTPRcptTo:    "the server refuses the recipient",
	gomail.ErrSMTPData:      "the server refuses the mail",
	gomail.ErrSMTPDataClose: "the server refuses the mail",
}

// classify converts an error of go-mail to an Error.
func classify(ctx context.Context, err error) *Error {
	out := &Error{Reason: withoutAnswer(err)}
	var sending *gomail.SendError
	var answer *textproto.Error
	switch {
	case ctx.Err() != nil:
		return &Error{Reason: "the server took too long", cause: ctx.Err()}
	case errors.As(err, &sending) && sending.ErrorCode() != 0:
		out.Status, out.Reason = sending.ErrorCode(), steps[sending.Reason]
	case errors.As(err, &answer):
		out.Status = answer.Code
	}
	switch {
	case out.Status == 0:
	case notSignedIn(out.Status):
		out.Reason = "the server does not take our user and password"
	case sending == nil:
		out.Reason = "the server refuses us"
	case out.Reason == "":
		out.Reason = "the server refuses to go on"
	default:
		out.Permanent = out.Status >= 500 && sending.Reason != gomail.ErrSMTPMailFrom
	}
	return out
}

// notSignedIn reports whether an answer is about signing in (RFC 4954), whatever command it answers.
func notSignedIn(status int) bool { return slices.Contains([]int{530, 534, 535, 538}, status) }

// withoutAnswer returns why a server gave no answer with a code. None of these is
// permanent: certificates are renewed, and a server without STARTTLS may be a
// man in the middle.
func withoutAnswer(err error) string {
	var name *net.DNSError
	var network *net.OpError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &name):
		return "the server's name leads nowhere"
	case errors.As(err, &certificate):
		return "the server's certificate is not trusted"
	case errors.As(err, &network) && network.Op == "dial":
		return "the server cannot be reached"
	case strings.Contains(err.Error(), "does not support STARTTLS"):
		return "the server offers no STARTTLS"
	case strings.Contains(err.Error(), "SMTP AUTH"), errors.Is(err, gomail.ErrNoSupportedAuthDiscovered):
		return "the server offers no way to sign in that is safe here"
	}
	return "the connection to the server broke"
}
