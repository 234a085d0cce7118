package push

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"golang.org/x/oauth2"
	googleauth "golang.org/x/oauth2/google"
	"google.golang.org/api/option"
)

// google is the route to Firebase Cloud Messaging, for Android and for browsers with its tokens.
type google struct {
	places
	Credentials

	client  *messaging.Client
	timeout time.Duration
	clock   func() time.Time
}

const googleScope = "https://www.googleapis.com/auth/firebase.messaging"

func newGoogle(ctx context.Context, o Options) (*google, error) {
	if o.Google.Parallel < 1 {
		return nil, errors.New("one message at a time is the least")
	}
	account, err := googleauth.JWTConfigFromJSON([]byte(o.Google.Credentials), googleScope)
	project := projectOf(o.Google.Credentials)
	if err != nil || project == "" {
		return nil, errors.New("the credentials are not the JSON of a service account") // the library's message may quote it
	}
	base := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // it is one
	base.MaxIdleConnsPerHost = o.Google.Parallel
	ctx = context.WithValue(context.WithoutCancel(ctx), oauth2.HTTPClient, &http.Client{Transport: base, Timeout: o.Timeout})
	signed := &oauth2.Transport{Source: account.TokenSource(ctx), Base: base}
	options := []option.ClientOption{option.WithHTTPClient(&http.Client{Transport: once{signed}})}
	if o.Google.URL != "" {
		options = append(options, option.WithEndpoint(strings.TrimRight(o.Google.URL, "/")))
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: project}, options...)
	if err != nil {
		return nil, err
	}
	client, err := app.Messaging(ctx)
	credentials := credentialsOf(providerGoogle, o.Google.Credentials, o.Google.URL)
	return &google{places: make(places, o.Google.Parallel), Credentials: credentials, client: client, timeout: o.Timeout, clock: o.Clock}, err
}

func (g *google) send(ctx context.Context, m Message) (Result, time.Duration) {
	sending, cancel := context.WithTimeoutCause(ctx, g.timeout, errStalled)
	defer cancel()
	var heard reply
	_, err := g.client.Send(hearing(sending, &heard), g.message(m))
	switch {
	case err == nil:
		return Result{Verdict: Sent}, 0
	case ctx.Err() != nil:
		return Result{}, lingers
	case errors.Is(context.Cause(sending), errStalled):
		return Result{Verdict: Retry, Reason: "timeout"}, lingers
	case heard.refused():
		return Result{Verdict: Refused, Reason: "credentials"}, 0
	case heard.err != nil:
		return Result{Verdict: Retry, Reason: "connection"}, 0
	case heard.status == 0: // the library refused to send it
		return Result{Verdict: Misconfigured, Reason: "INVALID_ARGUMENT"}, 0
	}
	code, aboutToken := googleFault(err)
	ruling := ruleGoogle(heard.status, code, aboutToken)
	return Result{
		Verdict: ruling.verdict, Reason: cmp.Or(code, "status "+strconv.Itoa(heard.status)), After: cmp.Or(heard.after, ruling.after),
	}, 0
}

// refused reports whether Google issues no token for the credentials.
func (r *reply) refused() bool {
	fault, ok := errors.AsType[*oauth2.RetrieveError](r.err)
	return ok && fault.Response != nil && fault.Response.StatusCode < http.StatusInternalServerError && fault.Response.StatusCode != http.StatusTooManyRequests
}

func (g *google) message(m Message) *messaging.Message {
	out := &messaging.Message{Token: m.Token, Data: maps.Clone(m.Data), Notification: &messaging.Notification{Title: m.Title, Body: m.Body}}
	if m.Platform == Web {
		out.Webpush = &messaging.WebpushConfig{Notification: &messaging.WebpushNotification{Title: m.Title, Body: m.Body, Tag: m.Collapse}}
		if !m.Expires.IsZero() {
			out.Webpush.Headers = map[string]string{"TTL": strconv.Itoa(int(g.lifetime(m) / time.Second))}
		}
		return out
	}
	out.Android = &messaging.AndroidConfig{CollapseKey: m.Collapse, Priority: "high", Notification: &messaging.AndroidNotification{Tag: m.Collapse}}
	if !m.Expires.IsZero() {
		ttl := g.lifetime(m)
		out.Android.TTL = &ttl
	}
	return out
}

// lifetime returns how long a message stays valid from now on.
func (g *google) lifetime(m Message) time.Duration {
	return max(m.Expires.Sub(g.clock()), time.Second).Truncate(time.Second)
}

// once is a transport that keeps the library from retrying: it would do so four times, and
// occupy a slot while it waits, whereas a receipt can wait at no cost. The library does not
// retry an answer with a Retry-After of a day.
type once struct{ http.RoundTripper }

// RoundTrip turns network faults into 503 answers with a Retry-After of a day.
func (o once) RoundTrip(request *http.Request) (*http.Response, error) {
	answer, err := o.RoundTripper.RoundTrip(request)
	if heard, ok := request.Context().Value(replyKey{}).(*reply); ok {
		heard.note(answer, err)
	}
	if err != nil {
		if request.Context().Err() != nil {
			return nil, err
		}
		answer = &http.Response{
			Status: "503 Service Unavailable", StatusCode: http.StatusServiceUnavailable, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(nil)), Request: request,
		}
	}
	if answer.StatusCode == http.StatusServiceUnavailable {
		answer.Header.Set("Retry-After", "86400")
	}
	return answer, nil
}
