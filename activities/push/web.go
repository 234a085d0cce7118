package push

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"
)

// web is the route to the push services of browsers: RFC 8030, with the content encrypted as in
// RFC 8291 and the sender identified as in RFC 8292 (VAPID).
type web struct {
	places

	options webpush.Options
	refuses func(error) bool
	timeout time.Duration
	clock   func() time.Time
	known   []service
}

// service is a push service whose answers about our key are trusted.
type service struct {
	Credentials

	host string // or, with a dot before, a suffix of its hosts; "": any
}

// webServices are those of the known browsers. An answer of any other address counts only
// against its one device.
var webServices = map[string]string{
	"google": "fcm.googleapis.com", "mozilla": ".push.services.mozilla.com", "apple": ".push.apple.com", "microsoft": ".notify.windows.com",
}

func newWeb(o Options) (*web, error) {
	if o.Web.PublicKey == "" || o.Web.Subject == "" || o.Web.Client == nil || o.Web.Parallel < 1 {
		return nil, errors.New("a key needs its public key, a subject, a client, and one message at a time or more")
	}
	client := *o.Web.Client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	w := &web{places: make(places, o.Web.Parallel), refuses: o.Web.Refuses, timeout: o.Timeout, clock: o.Clock}
	name := func(provider string) Credentials {
		return credentialsOf(providerWeb+provider, o.Web.PublicKey, o.Web.Subject, o.Web.URL)
	}
	if o.Web.URL == "" {
		for provider, host := range webServices {
			w.known = append(w.known, service{name(provider), host})
		}
	} else {
		at, err := url.Parse(o.Web.URL)
		if err != nil || at.Host == "" {
			return nil, errors.New("the URL is not an address")
		}
		w.known = []service{{name("other"), ""}}
		client.Transport = elsewhere{cmp.Or(client.Transport, http.DefaultTransport), at}
	}
	client.Transport = listening{cmp.Or(client.Transport, http.DefaultTransport)}
	w.options = webpush.Options{
		HTTPClient: &client, Subscriber: strings.TrimPrefix(o.Web.Subject, "mailto:"), // which the library adds
		VAPIDPublicKey: o.Web.PublicKey, VAPIDPrivateKey: o.Web.Key, Urgency: webpush.UrgencyHigh,
	}
	return w, nil
}

func (w *web) all() []Credentials {
	all := make([]Credentials, 0, len(w.known))
	for _, s := range w.known {
		all = append(all, s.Credentials)
	}
	return all
}

func (w *web) credentials(m Message) Credentials {
	at, err := url.Parse(m.Token)
	if err != nil {
		return Credentials{}
	}
	for _, s := range w.known {
		if s.host == "" || at.Host == s.host || s.host[0] == '.' && strings.HasSuffix(at.Host, s.host) {
			return s.Credentials
		}
	}
	return Credentials{}
}

func (w *web) send(ctx context.Context, m Message) (Result, time.Duration) {
	payload, err := webPayload(m)
	if err != nil || payload == nil {
		return Result{Verdict: Misconfigured, Reason: "PayloadTooLarge"}, 0
	}
	sending, cancel := context.WithTimeoutCause(ctx, w.timeout, errStalled)
	defer cancel()
	var heard reply
	options := w.options
	options.Topic, options.TTL = topicOf(m.Collapse), w.lifetime(m)
	answer, err := webpush.SendNotificationWithContext(hearing(sending, &heard), payload, &webpush.Subscription{
		Endpoint: m.Token, Keys: webpush.Keys{P256dh: m.Keys.P256DH, Auth: m.Keys.Auth},
	}, &options)
	switch {
	case err == nil:
		_ = answer.Body.Close() // the status is enough
		found := ruleWeb(answer.StatusCode)
		if found.verdict == Sent {
			return Result{Verdict: Sent}, 0
		}
		return Result{Verdict: found.verdict, Reason: "status " + strconv.Itoa(answer.StatusCode), After: heard.after}, 0
	case ctx.Err() != nil:
		return Result{}, lingers
	case errors.Is(context.Cause(sending), errStalled):
		return Result{Verdict: Retry, Reason: "timeout"}, lingers
	case heard.err == nil: // not sent: the keys are invalid
		return Result{Verdict: Misconfigured, Reason: "subscription"}, 0
	case w.refuses != nil && w.refuses(heard.err): // perhaps only this machine's DNS resolver is wrong
		return Result{Verdict: Misconfigured, Reason: "address refused"}, 0
	}
	return Result{Verdict: Retry, Reason: "connection"}, 0
}

// mostLifetime is the longest that push services accept.
const mostLifetime = 28 * 24 * time.Hour

// lifetime returns how many seconds a message stays valid from now on.
func (w *web) lifetime(m Message) int {
	if m.Expires.IsZero() {
		return int(mostLifetime / time.Second)
	}
	return int(min(max(m.Expires.Sub(w.clock()), time.Second), mostLifetime) / time.Second)
}

var isTopic = regexp.MustCompile(`^[A-Za-z0-9_-]{1,32}$`)

// topicSize in bytes makes a topic of 32 characters.
const topicSize = 24

// topicOf returns a collapse key as push services accept it: up to 32 characters of base64url.
func topicOf(collapse string) string {
	if collapse == "" || isTopic.MatchString(collapse) {
		return collapse
	}
	sum := sha256.Sum256([]byte(collapse))
	return base64.RawURLEncoding.EncodeToString(sum[:topicSize])
}

// elsewhere is a transport that sends every request to one service, with the original host in
// the Host header.
type elsewhere struct {
	http.RoundTripper

	to *url.URL
}

// RoundTrip sends the request to that service.
func (e elsewhere) RoundTrip(request *http.Request) (*http.Response, error) {
	moved := request.Clone(request.Context())
	moved.Host = request.URL.Host
	moved.URL.Scheme, moved.URL.Host = e.to.Scheme, e.to.Host
	return e.RoundTripper.RoundTrip(moved)
}
