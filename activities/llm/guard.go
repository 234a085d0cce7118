package llm

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

// maxComplaint is how much of a refusal is read; its reason is at the start.
const maxComplaint = 64 << 10

// guard is a middleware between the SDK and the network. It converts refusals to our errors
// before the SDK reads their bodies, which it would do without a bound and which it cannot
// parse when they are not in the one shape it expects; and it caps other bodies.
func guard(o Options) option.Middleware {
	return func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(req)
		if err != nil {
			return res, err
		}
		if res.StatusCode/100 != 2 {
			return nil, refusal(res, o)
		}
		res.Body = &cappedBody{ReadCloser: res.Body, left: int64(o.MaxResponseBytes)}
		return res, nil
	}
}

// refusal reads the reason, but waits for it no longer than for a probe: the status is the
// main information.
func refusal(res *http.Response, o Options) *Error {
	patience := time.AfterFunc(o.ProbeTimeout, func() { _ = res.Body.Close() })
	defer patience.Stop()
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxComplaint))
	_ = res.Body.Close()
	c, _ := readComplaint(body)
	what := strings.TrimSpace(fmt.Sprintf("the model server answered %d %s", res.StatusCode, http.StatusText(res.StatusCode)))
	return c.toError(res.StatusCode, what, retryAfter(res.Header, o.Now()))
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

// maxRetryAfter keeps a server from delaying a course for days.
const maxRetryAfter = time.Hour

// retryAfter parses OpenAI's milliseconds, whole seconds or an HTTP date; anything else
// and the past are 0.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := strings.TrimSpace(h.Get("Retry-After"))
	var d time.Duration
	if ms, err := strconv.ParseInt(h.Get("Retry-After-Ms"), 10, 32); err == nil {
		d = time.Duration(ms) * time.Millisecond
	} else if seconds, err := strconv.ParseInt(value, 10, 32); err == nil {
		d = time.Duration(seconds) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		d = at.Sub(now)
	}
	return min(max(d, 0), maxRetryAfter)
}

// cappedBody fails with errTooLarge once more than left bytes were read.
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
