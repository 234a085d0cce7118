package store

import (
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
)

// Code classifies an error once, where it occurs. Two tables map it: the API's to
// HTTP problems, the activities' to Temporal's retry rules.
type Code string

// The codes. An error without a code is internal: it is logged and never shown.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Conflict        Code = "conflict"
	Precondition    Code = "precondition"
	ReusedKey       Code = "reused_key"
	RateLimited     Code = "rate_limited"
	Unavailable     Code = "unavailable"
	TopicNotAllowed Code = "topic_not_allowed"
)

// Field names one part of a request that breaks a rule.
type Field struct {
	// Pointer is an RFC 6901 pointer into the request body, or the name of a parameter.
	Pointer string
	// Location is where the value came from: body, query, path or header.
	Location string
	Message  string
}

// Error is an error with a code and a message that may be shown to a client.
type Error struct {
	Code    Code
	Message string
	// Fields lists every rule an invalid request broke.
	Fields []Field
	// Resource and ResourceID say what was not found.
	Resource, ResourceID string
	// Resources are places to find help, for a topic whose rule gives them.
	Resources []HelpResource
	// Part names what is unavailable: "workflow-engine", "model", or empty for any other dependency.
	Part string
	// RetryAfter is how long a client should wait; zero when unknown.
	RetryAfter time.Duration

	cause error
}

// Error returns the message and, for the log, its cause.
func (e *Error) Error() string {
	if e.cause == nil {
		return e.Message
	}
	return e.Message + ": " + e.cause.Error()
}

// Unwrap returns the cause, which is for logs only.
func (e *Error) Unwrap() error { return e.cause }

// Errorf returns an error with a code. The message is shown to clients, so a cause is
// attached with Because rather than with %w.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Because attaches the cause, for the log.
func (e *Error) Because(cause error) *Error {
	e.cause = cause
	return e
}

// Missing returns the not-found error of one resource.
func Missing(resource string, id fmt.Stringer) *Error {
	e := Errorf(NotFound, "There is no such %s.", resource)
	e.Resource, e.ResourceID = resource, id.String()
	return e
}

// BadField returns an invalid error about one value; location is where it came from.
func BadField(location, pointer, message string) *Error {
	e := Errorf(Invalid, "The request breaks a rule.")
	e.Fields = []Field{{Pointer: pointer, Location: location, Message: message}}
	return e
}

// CodeOf returns the code of the first coded error in the chain, or "" for an internal one.
func CodeOf(err error) Code {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return ""
}

// HelpResource is a place to find help, with texts to show.
type HelpResource struct {
	Title string   `json:"title"`
	Text  string   `json:"text"`
	Links []string `json:"links"`
}

// OrMissing returns err, or a not-found error where it is nil.
func OrMissing(err error, resource string, id uuid.UUID) error {
	if err != nil {
		return err
	}
	return Missing(resource, id)
}
