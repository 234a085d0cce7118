package gemma

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/openai/openai-go/v3/option"
)

var errTooLarge = errors.New("response larger than allowed")

// guard stands between the SDK and the network. It turns refusals into our errors
// before the SDK reads their bodies, which it would do without a bound and which it
// cannot parse when they are not in the one shape it expects; and it caps the rest.
func guard(maxBytes int64, now func() time.Time) option.Middleware {
	return func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(req)
		if err != nil {
			return res, err
		}
		if res.StatusCode/100 != 2 {
			_ = res.Body.Close()
			return nil, refusal(res, now())
		}
		res.Body = &cappedBody{ReadCloser: res.Body, left: maxBytes}
		return res, nil
	}
}

func refusal(res *http.Response, now time.Time) *Error {
	return &Error{
		Kind:       kindOfStatus(res.StatusCode),
		Message:    strings.TrimSpace(fmt.Sprintf("the model server answered %d %s", res.StatusCode, http.StatusText(res.StatusCode))),
		RetryAfter: retryAfter(res.Header.Get("Retry-After"), now),
	}
}

func kindOfStatus(status int) Kind {
	switch {
	case status == http.StatusTooManyRequests:
		return Overloaded
	case status == http.StatusRequestTimeout, status >= 500:
		return Unavailable
	default:
		return Misconfigured
	}
}

// maxRetryAfter keeps a server from parking a course for days.
const maxRetryAfter = time.Hour

// retryAfter reads whole seconds or an HTTP date; anything else and the past are 0.
func retryAfter(value string, now time.Time) time.Duration {
	var d time.Duration
	if seconds, err := strconv.ParseInt(strings.TrimSpace(value), 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// cappedBody fails with errTooLarge once more than left bytes came through.
type cappedBody struct {
	io.ReadCloser
	left int64
}

func (b *cappedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLarge
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
