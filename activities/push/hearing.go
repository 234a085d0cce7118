package push

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// reply is the metadata of an answer, which the libraries do not expose.
type reply struct {
	status int           // 0: there was no answer
	after  time.Duration // Retry-After
	err    error         // why there was no answer
}

type replyKey struct{}

// hearing has the transport record the reply to a request of this context.
func hearing(ctx context.Context, r *reply) context.Context {
	return context.WithValue(ctx, replyKey{}, r)
}

// listening is a transport that records replies.
type listening struct{ http.RoundTripper }

// RoundTrip passes everything on unchanged.
func (l listening) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := l.RoundTripper.RoundTrip(request)
	if heard, ok := request.Context().Value(replyKey{}).(*reply); ok {
		heard.note(answer, err)
	}
	return answer, err
}

// CloseIdleConnections does so where the transport can.
func (l listening) CloseIdleConnections() {
	if closer, ok := l.RoundTripper.(interface{ CloseIdleConnections() }); ok {
		closer.CloseIdleConnections()
	}
}

func (r *reply) note(answer *http.Response, err error) {
	*r = reply{err: err}
	if answer != nil {
		r.status, r.after = answer.StatusCode, retryAfter(answer.Header.Get("Retry-After"), time.Now())
	}
}

// mostAfter is the longest that a provider can defer a message.
const mostAfter = time.Hour

// retryAfter reads seconds or a date; 0 for neither.
func retryAfter(text string, now time.Time) time.Duration {
	after := time.Duration(0)
	if seconds, err := strconv.Atoi(text); err == nil {
		after = time.Duration(min(seconds, int(mostAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(text); err == nil {
		after = at.Sub(now)
	}
	return min(max(after, 0), mostAfter)
}
