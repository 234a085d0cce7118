package push

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/token"
	"golang.org/x/net/http2"
)

// apple is the route to one of Apple's hosts. It uses one connection, and a fresh one after
// any fault on that.
type apple struct {
	places
	Credentials

	options Options
	host    string
	token   *token.Token // of both hosts

	mu   sync.Mutex
	line *line
}

// line is a client with a transport, and thus connections, of its own.
type line struct {
	client    *apns2.Client
	transport *http2.Transport
}

// lingers is how long an abandoned message keeps its slot: its stream may stay open at
// Apple's end a moment longer than here.
const lingers = time.Second

// newApple returns the routes to both hosts. They share the provider's token, which Apple
// requires to change rarely.
func newApple(o Options) (production, sandbox *apple, err error) {
	if o.Apple.KeyID == "" || o.Apple.TeamID == "" || o.Apple.Topic == "" || o.Apple.Streams < 1 {
		return nil, nil, errors.New("a key needs its id, the team's id, a topic, and one stream or more")
	}
	key, err := token.AuthKeyFromBytes([]byte(o.Apple.Key))
	if err != nil {
		return nil, nil, errors.New("the key is not the text of a .p8 file") // the library's message may quote it
	}
	shared := &token.Token{AuthKey: key, KeyID: o.Apple.KeyID, TeamID: o.Apple.TeamID}
	to := func(provider, host string) *apple {
		credentials := credentialsOf(provider, o.Apple.Key, o.Apple.KeyID, o.Apple.TeamID, o.Apple.Topic, o.Apple.URL)
		a := &apple{places: make(places, o.Apple.Streams), Credentials: credentials, options: o, host: cmp.Or(o.Apple.URL, host), token: shared}
		a.line = a.newLine()
		return a
	}
	return to(providerApple, apns2.HostProduction), to(providerSandbox, apns2.HostDevelopment), nil
}

func (a *apple) newLine() *line {
	transport := &http2.Transport{
		TLSClientConfig: &tls.Config{RootCAs: a.options.Apple.RootCAs, MinVersion: tls.VersionTLS12},
		ReadIdleTimeout: a.options.Apple.PingAfter, PingTimeout: a.options.Apple.PingAfter / 2,
		WriteByteTimeout: a.options.Timeout, StrictMaxConcurrentStreams: true,
	}
	client := &apns2.Client{Host: a.host, Token: a.token, HTTPClient: &http.Client{Transport: listening{transport}}}
	return &line{client, transport}
}

func (a *apple) current() *line {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.line
}

// renew has the next messages use a fresh connection, unless that is so already. Messages
// in flight on the old one are answered there, or time out.
func (a *apple) renew(broken *line) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.line == broken {
		a.line = a.newLine()
		broken.transport.CloseIdleConnections()
	}
}

var errStalled = errors.New("the provider did not answer in time")

func (a *apple) send(ctx context.Context, m Message) (Result, time.Duration) {
	payload, err := applePayload(m)
	if err != nil {
		return Result{Verdict: Misconfigured, Reason: "PayloadUnfit"}, 0
	}
	sending, cancel := context.WithTimeoutCause(ctx, a.options.Timeout, errStalled)
	defer cancel()
	var heard reply
	over, fresh := a.current(), a.tokenIsFresh()
	answer, err := over.client.PushWithContext(hearing(sending, &heard), &apns2.Notification{
		ApnsID: m.ID.String(), CollapseID: m.Collapse, DeviceToken: url.PathEscape(m.Token), Topic: a.options.Apple.Topic,
		Expiration: m.Expires, Priority: apns2.PriorityHigh, PushType: apns2.PushTypeAlert, Payload: payload,
	})
	switch {
	case err == nil:
		return a.judge(answer, heard.after, fresh), 0
	case ctx.Err() != nil:
		return Result{}, lingers
	}
	a.renew(over)
	if errors.Is(context.Cause(sending), errStalled) {
		return Result{Verdict: Retry, Reason: "timeout"}, lingers
	}
	return Result{Verdict: Retry, Reason: "connection"}, 0
}

func (a *apple) judge(answer *apns2.Response, after time.Duration, fresh bool) Result {
	found := ruleApple(answer.StatusCode, answer.Reason)
	if answer.Reason == apns2.ReasonExpiredProviderToken {
		if fresh {
			found = ruling{verdict: Refused} // a new one has expired as well: the clock of this machine is wrong
		}
		a.renewToken()
	}
	reason := answer.Reason
	if reason == "" && found.verdict != Sent {
		reason = "status " + strconv.Itoa(answer.StatusCode)
	}
	return Result{Verdict: found.verdict, Reason: reason, After: cmp.Or(after, found.after), Since: answer.Timestamp.Time}
}

// tokenIsFresh reports whether the next message's token was issued just now.
func (a *apple) tokenIsFresh() bool {
	a.token.Lock()
	defer a.token.Unlock()
	return a.token.Expired() || time.Now().Unix()-a.token.IssuedAt <= int64(tokenIsNew/time.Second)
}

// renewToken has the next message carry a new token, unless this one is new: many
// messages learn at once that theirs has expired.
func (a *apple) renewToken() {
	a.token.Lock()
	defer a.token.Unlock()
	if time.Now().Unix()-a.token.IssuedAt > int64(tokenIsNew/time.Second) { // the library uses the system's clock
		a.token.IssuedAt = 0
	}
}

const tokenIsNew = time.Minute
