package sources

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// fault is the failure of a site. Its reason may be shown to learners.
type fault struct {
	state  State
	reason string
	status int
	body   []byte // the beginning of a refusal, for the provider only
	after  time.Duration
	cause  error
}

// Error contains no address and nothing of an answer.
func (f *fault) Error() string {
	if f.status != 0 {
		return fmt.Sprintf("sources: %s: %s (%d)", f.state, f.reason, f.status)
	}
	return fmt.Sprintf("sources: %s: %s", f.state, f.reason)
}

func (f *fault) Unwrap() error { return f.cause }

const (
	reasonUnreachable = "It could not be reached."
	reasonSlow        = "It did not answer in time."
	reasonSenseless   = "Its answer made no sense."
	reasonLimited     = "It allows no more requests for now."
	reasonBroken      = "It failed several times in a row and is left alone for a while."
	reasonNothing     = "It has nothing that fits."
	reasonDeadLinks   = "What it offers could not be opened."
	reasonNotUsed     = "It is not switched on."
	reasonRefused     = "It refused the request."
	reasonLanguage    = "It has nothing in this language."
)

func limited(after time.Duration) *fault {
	return &fault{state: Limited, reason: reasonLimited, after: after}
}

func senseless(cause error) *fault {
	return &fault{state: Unreachable, reason: reasonSenseless, cause: cause}
}

// faultOf converts any error to a fault.
func faultOf(err error) *fault {
	if f, ok := errors.AsType[*fault](err); ok {
		return f
	}
	return &fault{state: Unreachable, reason: reasonUnreachable, cause: bare(err)}
}

// bare removes the address, which contains a learner's query.
func bare(err error) error {
	if at, ok := errors.AsType[*url.Error](err); ok {
		return at.Err
	}
	return err
}

const maxRetryAfter = time.Hour

// retryAfter parses whole seconds or an HTTP date; half a minute if there is neither.
func retryAfter(res *http.Response, now time.Time) time.Duration {
	value := strings.TrimSpace(res.Header.Get("Retry-After"))
	d := 30 * time.Second
	if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, time.Second), maxRetryAfter)
}
