package artifact

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// UnlockedError refuses to fetch an entry without size and digest.
type UnlockedError struct{ Name string }

// Error implements error.
func (e *UnlockedError) Error() string {
	return fmt.Sprintf("%s has no digest in %s, so nothing distinguishes its file from another: "+
		"lyo model lock %s asks the source for it and writes it down", e.Name, LockFile, e.Name)
}

// DigestError means that bytes were not those of the entry. They have been deleted.
type DigestError struct{ Name, From, Want, Got string }

// Error implements error.
func (e *DigestError) Error() string {
	return fmt.Sprintf("the file of %s from %s has the wrong digest and was deleted: want sha256 %s, got %s",
		e.Name, e.From, e.Want, e.Got)
}

// SizeError means that a source has a file of another size, which cannot be the entry's.
type SizeError struct {
	Name, From string
	Want, Got  int64 // bytes; Got -1: more than Want
}

// Error implements error.
func (e *SizeError) Error() string {
	got := fmt.Sprintf("%d", e.Got)
	if e.Got < 0 {
		got = "more"
	}
	return fmt.Sprintf("the file of %s at %s has the wrong size: want %d bytes, got %s", e.Name, e.From, e.Want, got)
}

// SpaceError means that the disk is full.
type SpaceError struct {
	Dir        string
	Need, Free uint64 // bytes
}

// Error implements error.
func (e *SpaceError) Error() string {
	const mb = 1_000_000
	return fmt.Sprintf("not enough room in %s: need %d MB, free %d MB", e.Dir, (e.Need+mb-1)/mb, e.Free/mb)
}

// TermsError means that the Hub denies the file to this caller.
type TermsError struct {
	Repository, URL string // URL: where the terms are accepted
	Status          int    // 401 or 403
	Token           bool   // whether one was sent
}

// Error implements error.
func (e *TermsError) Error() string {
	why := "no token was sent: accept the terms at %s with your account, then set HF_TOKEN to one of its tokens"
	if e.Token {
		why = "the account of this HF_TOKEN has not accepted the terms, or the token may not read gated repositories: accept them at %s"
	}
	return fmt.Sprintf("the Hub answered %d for %s; "+why+" (a repository that does not exist looks the same)",
		e.Status, e.Repository, e.URL)
}

// statusError is an answer without the file.
type statusError struct {
	from       string
	code       int
	again      bool // a retry may help
	retryAfter time.Duration
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s answered %d %s", e.from, e.code, http.StatusText(e.code))
}

var (
	errShort   = errors.New("the connection ended before the file did")
	errStalled = errors.New("nothing arrived for too long")
	errRange   = errors.New("the server sent another part than was asked for")
	errWeb     = errors.New("cannot be reached")
)

// final reports whether no other source may be tried: terms must not be circumvented, and a
// full disk is full for all.
func final(err error) bool {
	var (
		terms *TermsError
		space *SpaceError
		disk  *diskError
	)
	return errors.As(err, &terms) || errors.As(err, &space) || errors.As(err, &disk)
}

// diskError is a failure of the local disk.
type diskError struct{ err error }

func (e *diskError) Error() string { return e.err.Error() }
func (e *diskError) Unwrap() error { return e.err }

// again reports whether a retry of the same source may succeed.
func again(err error) bool {
	if status, ok := errors.AsType[*statusError](err); ok {
		return status.again
	}
	var (
		size   *SizeError
		digest *DigestError
		closed *sourceError
	)
	return !final(err) && !errors.As(err, &size) && !errors.As(err, &digest) && !errors.As(err, &closed)
}

// sourceError is a source that can never work.
type sourceError struct{ err error }

func (e *sourceError) Error() string { return e.err.Error() }
func (e *sourceError) Unwrap() error { return e.err }
