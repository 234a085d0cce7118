package push_test

import (
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/activities/sources/guard"
)

// browsers is a sender and a fake of the browsers' push service.
type browsers struct {
	*push.Sender
	*pushtest.WebPush
}

func newBrowsers(t *testing.T, change ...func(*push.Options)) *browsers {
	t.Helper()
	private, public := pushtest.NewVAPIDKey(t)
	b := &browsers{WebPush: pushtest.NewWebPush(t, public, 0)}
	o := push.Options{
		Web: push.VAPID{
			Key: private, PublicKey: public, Subject: "mailto:operator@example.com", Client: &http.Client{}, URL: b.URL(), Parallel: 10,
		},
		Timeout: patience, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	b.Sender, err = push.New(t.Context(), o)
	require.NoError(t, err)
	return b
}

func messageTo(s pushtest.Subscription) push.Message {
	return push.Message{
		ID: uuid.NewSHA1(uuid.Nil, []byte(s.Endpoint)), Token: s.Endpoint, Keys: push.Keys{P256DH: s.P256DH, Auth: s.Auth}, Platform: push.Web,
		Title: "Your course is ready", Body: "Tides <&>", Data: map[string]string{"type": "course_ready"}, Collapse: "news", Badge: 3, Expires: time.Now().Add(time.Hour),
	}
}

// TestWhatABrowserGets is a round trip: signed, encrypted, verified and decrypted.
func TestWhatABrowserGets(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t)
	one, other := b.Subscribe(t), b.Subscribe(t)
	for _, result := range b.Send(t.Context(), []push.Message{messageTo(one), messageTo(other)}) {
		require.Equal(t, push.Result{Verdict: push.Sent}, result)
	}
	for _, s := range []pushtest.Subscription{one, other} {
		got := b.Accepted()[s.Endpoint]
		require.Len(t, got, 1)
		require.Equal(t, "news", got[0].Collapse)
		require.Equal(t, "high", got[0].Topic, "its urgency")
		require.JSONEq(t, `{"title":"Your course is ready","body":"Tides <&>","tag":"news","badge":3,"data":{"type":"course_ready"}}`, string(got[0].Payload))
	}
}

// TestOneOfTheRFC has the fake decrypt the example of RFC 8291, section 5.
func TestOneOfTheRFC(t *testing.T) {
	t.Parallel()
	decode := func(text string) []byte {
		data, err := base64.RawURLEncoding.DecodeString(text)
		require.NoError(t, err)
		return data
	}
	private, err := ecdh.P256().NewPrivateKey(decode("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"))
	require.NoError(t, err)
	text, err := pushtest.Decrypt(decode("DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"), private, decode("BTBZMqHH6r4Tts7J_aSIgg"))
	require.NoError(t, err)
	require.Equal(t, "When I grow up, I want to be a watermelon", string(text))
}

func TestALongTextForABrowserIsCutOff(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t)
	s := b.Subscribe(t)
	for _, body := range []string{strings.Repeat("Ä😀", 2000), strings.Repeat(`"\`, 3000)} {
		m := messageTo(s)
		m.Body = body
		require.Equal(t, push.Result{Verdict: push.Sent}, b.Send(t.Context(), []push.Message{m})[0])
	}
	for _, got := range b.Accepted()[s.Endpoint] {
		var payload struct{ Body string }
		require.NoError(t, json.Unmarshal(got.Payload, &payload))
		require.True(t, strings.HasSuffix(payload.Body, "…"))
		require.LessOrEqual(t, len(got.Payload), 3993)
	}
	require.Greater(t, len(b.Accepted()[s.Endpoint][0].Payload), 3900)
	m := messageTo(s)
	m.Data["more"] = strings.Repeat("x", 4000)
	require.Equal(t, push.Result{Verdict: push.Misconfigured, Reason: "PayloadTooLarge"}, b.Send(t.Context(), []push.Message{m})[0])
	require.Equal(t, 2, b.Asked())
}

// TestCollapseKeysOfAnyKind become topics of no more than 32 characters, the same each time.
func TestCollapseKeysOfAnyKind(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t)
	topics := map[string]bool{}
	for _, key := range []string{uuid.NewString(), strings.Repeat("ü", 32), "with a space", ""} {
		s := b.Subscribe(t)
		m := messageTo(s)
		m.Collapse = key
		for range 2 {
			require.Equal(t, push.Sent, b.Send(t.Context(), []push.Message{m})[0].Verdict, key)
		}
		got := b.Accepted()[s.Endpoint]
		require.Equal(t, got[0].Collapse, got[1].Collapse)
		require.Equal(t, key == "", got[0].Collapse == "")
		topics[got[0].Collapse] = true
	}
	require.Len(t, topics, 4)
}

func TestEveryAnswerOfABrowsersService(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t)
	m := messageTo(b.Subscribe(t))
	for status, verdict := range map[int]push.Verdict{
		404: push.Dead, 410: push.Dead, 401: push.Mismatch, 403: push.Mismatch, 413: push.Misconfigured, 400: push.Misconfigured, 307: push.Misconfigured,
		408: push.Retry, 429: push.Retry, 500: push.Retry, 503: push.Retry,
	} {
		b.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: status, RetryAfter: 7 * time.Second} })
		result := b.Send(t.Context(), []push.Message{m})[0]
		require.Equal(t, verdict, result.Verdict, status)
		require.Equal(t, 7*time.Second, result.After)
	}
	b.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Close: true} })
	require.Equal(t, push.Result{Verdict: push.Retry, Reason: "connection"}, b.Send(t.Context(), []push.Message{m})[0])
	m.Token = "https://" + pushtest.WebHost + "/of-nobody"
	require.Equal(t, push.Dead, b.Send(t.Context(), []push.Message{m})[0].Verdict)
}

// TestAnotherKeyThanSubscribedFor covers an operator's change of the key.
func TestAnotherKeyThanSubscribedFor(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t, func(o *push.Options) { o.Web.Key, o.Web.PublicKey = pushtest.NewVAPIDKey(t) })
	require.Equal(t, push.Result{Verdict: push.Mismatch, Reason: "status 403"}, b.Send(t.Context(), []push.Message{messageTo(b.Subscribe(t))})[0])
	mixed := newBrowsers(t, func(o *push.Options) { o.Web.Key, _ = pushtest.NewVAPIDKey(t) })
	require.Equal(t, push.Mismatch, mixed.Send(t.Context(), []push.Message{messageTo(mixed.Subscribe(t))})[0].Verdict, "the signature is another key's")
}

// TestEndpointsThatLeadInside checks that private addresses, which a browser may name, get no request.
func TestEndpointsThatLeadInside(t *testing.T) {
	t.Parallel()
	b := newBrowsers(t, func(o *push.Options) {
		at, err := url.Parse(o.Web.URL)
		require.NoError(t, err)
		allowed := netip.MustParseAddrPort(at.Host)
		o.Web.URL = ""
		o.Web.Client = guard.Client(guard.Options{HTTPSOnly: true, Timeout: patience, AllowLoopback: []netip.AddrPort{allowed}})
		o.Web.Refuses = func(err error) bool { return errors.Is(err, guard.ErrRefused) }
	})
	s := b.Subscribe(t)
	for _, endpoint := range []string{
		"https://127.0.0.1/send", "https://10.0.0.1/send", "https://[::1]/send", "https://169.254.169.254/latest", "https://0x7f.1/send",
		"https://localhost/send", "https://metadata.google.internal/x", "http://push.example.com/x", strings.Replace(b.URL(), "127.0.0.1", "localhost", 1) + "/send",
	} {
		m := messageTo(s)
		m.Token = endpoint
		require.Equal(t, push.Result{Verdict: push.Misconfigured, Reason: "address refused"}, b.Send(t.Context(), []push.Message{m})[0], endpoint)
		require.Zero(t, b.Credentials(m), "whoever answers there says nothing of our key")
	}
	require.Zero(t, b.Asked())
	for endpoint, provider := range map[string]string{
		"https://fcm.googleapis.com/fcm/send/x": "webpush-google", "https://updates.push.services.mozilla.com/wpush/v2/x": "webpush-mozilla",
		"https://web.push.apple.com/x": "webpush-apple", "https://wns2-by3p.notify.windows.com/w/?token=x": "webpush-microsoft",
		"https://evilfcm.googleapis.com/x": "", "https://fcm.googleapis.com.evil.example.com/x": "",
	} {
		m := messageTo(s)
		m.Token = endpoint
		require.Equal(t, provider, b.Credentials(m).Provider, endpoint)
	}
}

// TestFingerprintsDistinguishCredentials checks that they also reveal nothing of them.
func TestFingerprintsDistinguishCredentials(t *testing.T) {
	t.Parallel()
	p, q := newProviders(t), newProviders(t)
	seen := map[string]bool{}
	for _, c := range append(p.AllCredentials(), q.AllCredentials()...) {
		require.False(t, seen[c.Fingerprint], c.Provider)
		seen[c.Fingerprint] = c.Provider == "fcm"
	}
	require.Len(t, p.AllCredentials(), 3)
	require.Equal(t, p.AllCredentials()[0].Fingerprint, p.AllCredentials()[1].Fingerprint, "of the same key, at two hosts")
	require.Equal(t, "apns-sandbox", p.Credentials(push.Message{Platform: push.IOS, Sandbox: true}).Provider)
	require.Zero(t, p.Credentials(messageTo(pushtest.Subscription{Endpoint: "https://push.example.com/x", P256DH: "x", Auth: "y"})), "no key: a dry run")
}
