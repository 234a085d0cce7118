package engine

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// problem is an error response, in OpenAI's shape.
type problem struct {
	status     int
	message    string
	kind, code string // OpenAI's type and code
	param      string // the field at fault, if any
	retryAfter time.Duration
}

// Error returns the message, which is shown to clients.
func (p *problem) Error() string { return p.message }

const (
	kindInvalid = "invalid_request_error"
	kindServer  = "server_error"
)

func invalid(param, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...), kind: kindInvalid, code: "invalid_value", param: param}
}

func unsupported(param, format string, args ...any) *problem {
	return &problem{status: http.StatusBadRequest, message: fmt.Sprintf(format, args...), kind: kindInvalid, code: "unsupported_value", param: param}
}

func unavailable(code string, after time.Duration, format string, args ...any) *problem {
	return &problem{status: http.StatusServiceUnavailable, message: fmt.Sprintf(format, args...), kind: kindServer, code: code, retryAfter: after}
}

var (
	errStopping = unavailable("stopping", 5*time.Second, "the server is stopping")
	errFull     = &problem{
		status: http.StatusTooManyRequests, message: "every slot is taken and the queue is full: come back later",
		kind: "rate_limit_error", code: "queue_full", retryAfter: 5 * time.Second,
	}
	errFailed = &problem{status: http.StatusInternalServerError, message: "the model failed on this request", kind: kindServer, code: "model_failed"}
)

// problemFor converts err to a response. Unexpected errors are only logged.
func problemFor(ctx context.Context, err error) *problem {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	switch {
	case errors.Is(err, ErrTooLong):
		return &problem{status: http.StatusBadRequest, message: ErrTooLong.Error(), kind: kindInvalid, code: "context_length_exceeded", param: "messages"}
	case errors.Is(err, ErrUnsupported):
		return unsupported("model", "%s", ErrUnsupported.Error())
	default:
		return errFailed
	}
}

// body returns the response body.
func (p *problem) body() any {
	fields := map[string]any{"message": p.message, "type": p.kind, "code": p.code, "param": nil}
	if p.param != "" {
		fields["param"] = p.param
	}
	return map[string]any{"error": fields}
}

// retryAfterHeader returns whole seconds, rounded up; empty without a hint.
func (p *problem) retryAfterHeader() string {
	if p.retryAfter <= 0 {
		return ""
	}
	return strconv.FormatInt(int64((p.retryAfter+time.Second-1)/time.Second), 10)
}
