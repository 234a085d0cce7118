package push_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
)

func many(n int, platform func(int) string) []push.Message {
	messages := make([]push.Message, n)
	for i := range messages {
		messages[i] = messageOn(platform(i), fmt.Sprintf("%08x-device-token", i))
	}
	return messages
}

func all(platform string) func(int) string { return func(int) string { return platform } }

func TestWhatDevicesGet(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	ios, android, web := messageOn(push.IOS, "aa00bb11"), messageOn(push.Android, "android-token"), messageOn(push.Web, "web-token")
	for _, result := range p.Send(t.Context(), []push.Message{ios, android, web}) {
		require.Equal(t, push.Result{Verdict: push.Sent}, result)
	}
	got := p.apns.Accepted()["aa00bb11"]
	require.Len(t, got, 1)
	require.Equal(t, ios.ID.String(), got[0].ID)
	require.Equal(t, "news", got[0].Collapse)
	require.JSONEq(t, `{"aps":{"alert":{"title":"Your course is ready","body":"Tides"},"badge":3,"sound":"default"},"type":"course_ready"}`, string(got[0].Payload))
	for _, token := range []string{"android-token", "web-token"} {
		got := p.fcm.Accepted()[token]
		require.Len(t, got, 1)
		require.Equal(t, "news", got[0].Collapse)
		require.Contains(t, string(got[0].Payload), `"course_ready"`)
	}
}

func TestALongTextIsCutOff(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	m := messageOn(push.IOS, "aa00bb11")
	m.Body = strings.Repeat("Ä😀", 2000)
	require.Equal(t, push.Sent, p.Send(t.Context(), []push.Message{m})[0].Verdict)
	payload := p.apns.Accepted()["aa00bb11"][0].Payload
	require.LessOrEqual(t, len(payload), 4096)
	require.Greater(t, len(payload), 4000)
	require.True(t, json.Valid(payload))
}

func TestWithoutCredentialsNothingIsSent(t *testing.T) {
	t.Parallel()
	p := newProviders(t, func(o *push.Options) { o.Apple.Key, o.Google.Credentials = "", "" })
	for _, platform := range []string{push.IOS, push.Android, push.Web} {
		result := p.one(t.Context(), platform, "a-device-token")
		require.Equal(t, push.DryRun, result.Verdict)
		require.Contains(t, result.Reason, platform)
	}
	require.Zero(t, p.apns.Asked()+p.fcm.Asked())
}

func TestCredentialsThatAreNone(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]push.Options{
		"no key":        {Apple: push.Apple{Key: "secret", KeyID: "k", TeamID: "t", Topic: "x", Streams: 1}},
		"no topic":      {Apple: push.Apple{Key: "secret"}},
		"no account":    {Google: push.Google{Credentials: "secret", Parallel: 1}},
		"another thing": {Google: push.Google{Credentials: `{"type":"secret"}`, Parallel: 1}},
	} {
		o.Timeout, o.Clock = time.Second, time.Now
		_, err := push.New(t.Context(), o)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "secret")
	}
}

// TestBoundsHold sends far more messages than may be in flight.
func TestBoundsHold(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	delayed := pushtest.Reply{Delay: 5 * time.Millisecond}
	p.apns.On(func(pushtest.Push) pushtest.Reply { return delayed })
	p.fcm.On(func(pushtest.Push) pushtest.Reply { return delayed })
	results := p.Send(t.Context(), many(400, func(i int) string { return []string{push.IOS, push.Android}[i%2] }))
	for _, result := range results {
		require.Equal(t, push.Sent, result.Verdict, result.Reason)
	}
	require.LessOrEqual(t, p.apns.Peak(), 20)
	require.LessOrEqual(t, p.fcm.Peak(), 10)
	require.Equal(t, 1, p.apns.Connections())
}

// TestGoAway checks that messages in flight are answered and the rest uses a fresh connection.
func TestGoAway(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	p.apns.On(func(m pushtest.Push) pushtest.Reply {
		return pushtest.Reply{GoAway: m.N == 50, Delay: time.Millisecond}
	})
	for _, result := range p.Send(t.Context(), many(300, all(push.IOS))) {
		require.Equal(t, push.Sent, result.Verdict, result.Reason)
	}
	require.Len(t, p.apns.Accepted(), 300)
	for token, got := range p.apns.Accepted() {
		require.Len(t, got, 1, token)
	}
	require.Equal(t, 2, p.apns.Connections())
	require.LessOrEqual(t, p.apns.Peak(), 20)
}

// TestAStalledMessage checks that it times out alone; what comes after it goes over a fresh
// connection. On a busy machine others may be slow, too.
func TestAStalledMessage(t *testing.T) {
	t.Parallel()
	p := newProviders(t, func(o *push.Options) { o.Timeout = 3 * time.Second })
	var stalled string
	p.apns.On(func(m pushtest.Push) pushtest.Reply {
		if m.N == 10 {
			stalled = m.Token
			return pushtest.Stall(patience)
		}
		return pushtest.Accept()
	})
	messages := many(100, all(push.IOS))
	for i, result := range p.Send(t.Context(), messages) {
		if result.Verdict == push.Retry {
			require.Contains(t, []string{"timeout", "connection"}, result.Reason)
		} else {
			require.Equal(t, push.Sent, result.Verdict)
			require.NotEqual(t, stalled, messages[i].Token)
		}
	}
	require.NotEmpty(t, stalled)
	require.NoError(t, p.until(t.Context(), push.IOS, "another-token"))
	require.GreaterOrEqual(t, p.apns.Connections(), 2)
	require.NotContains(t, p.apns.Accepted(), stalled)
}

// until repeats a message until it is sent.
func (p *providers) until(ctx context.Context, platform, token string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for p.one(ctx, platform, token).Verdict != push.Sent {
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// TestAConnectionThatFallsSilent is detected by a ping, long before a message times out.
func TestAConnectionThatFallsSilent(t *testing.T) {
	t.Parallel()
	p := newProviders(t, func(o *push.Options) { o.Apple.PingAfter = time.Second })
	require.NoError(t, p.until(t.Context(), push.IOS, "aa00bb11"))
	before := p.apns.Connections()
	p.apns.Freeze()
	result := p.one(t.Context(), push.IOS, "aa00bb11")
	require.Equal(t, push.Retry, result.Verdict)
	require.Equal(t, "connection", result.Reason)
	require.NoError(t, p.until(t.Context(), push.IOS, "cc00bb11"), "over a fresh one")
	require.Greater(t, p.apns.Connections(), before)
}

func TestClosedConnections(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	closed := func(m pushtest.Push) pushtest.Reply { return pushtest.Reply{Close: m.Try == 1} }
	p.apns.On(closed)
	p.fcm.On(closed)
	for _, platform := range []string{push.IOS, push.Android} {
		result := p.one(t.Context(), platform, "some-device-token")
		require.Equal(t, push.Retry, result.Verdict, platform)
		require.Equal(t, "connection", result.Reason)
		require.Equal(t, push.Sent, p.one(t.Context(), platform, "some-device-token").Verdict)
	}
}

// TestACallerThatLeaves gets Unknown for messages in flight, and no more are sent.
func TestACallerThatLeaves(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	ctx, cancel := context.WithCancel(t.Context())
	stall := func(m pushtest.Push) pushtest.Reply {
		if m.N == 5 {
			cancel()
		}
		return pushtest.Stall(patience)
	}
	p.apns.On(stall)
	for _, result := range p.Send(ctx, many(100, all(push.IOS))) {
		require.Equal(t, push.Unknown, result.Verdict)
	}
	require.Empty(t, p.apns.Accepted())
	require.LessOrEqual(t, p.apns.Asked(), 20)
}

// TestGoogleRefusesTheAccount checks that without a token nothing is sent, and the fault is logged.
func TestGoogleRefusesTheAccount(t *testing.T) {
	t.Parallel()
	other := pushtest.NewFCM(t, 0)
	p := newProviders(t, func(o *push.Options) { // the key of another account
		mine, theirs := map[string]string{}, map[string]string{}
		require.NoError(t, json.Unmarshal([]byte(o.Google.Credentials), &mine))
		require.NoError(t, json.Unmarshal([]byte(other.Credentials()), &theirs))
		mine["private_key"] = theirs["private_key"]
		text, err := json.Marshal(mine)
		require.NoError(t, err)
		o.Google.Credentials = string(text)
	})
	result := p.one(t.Context(), push.Android, "a-registration-token")
	require.Equal(t, push.Refused, result.Verdict)
	require.Equal(t, "credentials", result.Reason)
	require.Contains(t, p.logs.String(), "credentials")
}
