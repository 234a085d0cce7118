package push_test

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
)

// providers is a sender and the fakes it sends to.
type providers struct {
	*push.Sender
	apns *pushtest.APNs
	fcm  *pushtest.FCM
	logs *strings.Builder
}

const patience = 30 * time.Second // for tests that nothing should delay

func newProviders(t *testing.T, change ...func(*push.Options)) *providers {
	t.Helper()
	p := &providers{apns: pushtest.NewAPNs(t, 0), fcm: pushtest.NewFCM(t, 0), logs: &strings.Builder{}}
	o := push.Options{
		Apple: push.Apple{
			Key: p.apns.Key(), KeyID: pushtest.KeyID, TeamID: pushtest.TeamID, Topic: pushtest.Topic, URL: p.apns.URL(),
			Streams: 20, PingAfter: patience, RootCAs: p.apns.Roots(),
		},
		Google:  push.Google{Credentials: p.fcm.Credentials(), URL: p.fcm.URL(), Parallel: 10},
		Timeout: patience, Clock: time.Now, Log: slog.New(slog.NewTextHandler(p.logs, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	p.Sender, err = push.New(t.Context(), o)
	require.NoError(t, err)
	return p
}

func messageOn(platform, token string) push.Message {
	return push.Message{
		ID: uuid.NewSHA1(uuid.Nil, []byte(token)), Token: token, Platform: platform, Title: "Your course is ready", Body: "Tides",
		Data: map[string]string{"type": "course_ready"}, Collapse: "news", Badge: 3, Expires: time.Now().Add(time.Hour),
	}
}

func (p *providers) one(ctx context.Context, platform, token string) push.Result {
	return p.Send(ctx, []push.Message{messageOn(platform, token)})[0]
}

// TestEveryReasonOfApples has each reason that Apple documents answered over the wire.
func TestEveryReasonOfApples(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	for _, row := range []struct {
		status  int
		reason  string
		verdict push.Verdict
		after   time.Duration
	}{
		{400, "BadCollapseId", push.Misconfigured, 0},
		{400, "BadDeviceToken", push.Doubtful, 0},
		{400, "BadExpirationDate", push.Misconfigured, 0},
		{400, "BadMessageId", push.Misconfigured, 0},
		{400, "BadPriority", push.Misconfigured, 0},
		{400, "BadTopic", push.Refused, 0},
		{400, "DeviceTokenNotForTopic", push.Doubtful, 0},
		{400, "DuplicateHeaders", push.Misconfigured, 0},
		{400, "IdleTimeout", push.Retry, 0},
		{400, "InvalidPushType", push.Misconfigured, 0},
		{400, "MissingDeviceToken", push.Misconfigured, 0},
		{400, "MissingTopic", push.Refused, 0},
		{400, "PayloadEmpty", push.Misconfigured, 0},
		{400, "TopicDisallowed", push.Refused, 0},
		{403, "BadCertificate", push.Refused, 0},
		{403, "BadCertificateEnvironment", push.Refused, 0},
		{403, "BadEnvironmentKeyIdInToken", push.Refused, 0},
		{403, "UnrelatedKeyIdInToken", push.Refused, 0},
		{403, "ExpiredProviderToken", push.Refused, 0}, // of a token issued just now
		{403, "Forbidden", push.Refused, 0},
		{403, "InvalidProviderToken", push.Refused, 0},
		{403, "MissingProviderToken", push.Refused, 0},
		{404, "BadPath", push.Misconfigured, 0},
		{405, "MethodNotAllowed", push.Misconfigured, 0},
		{410, "ExpiredToken", push.Dead, 0},
		{410, "Unregistered", push.Dead, 0},
		{413, "PayloadTooLarge", push.Misconfigured, 0},
		{429, "TooManyProviderTokenUpdates", push.Retry, 20 * time.Minute},
		{429, "TooManyRequests", push.Retry, 10 * time.Second},
		{500, "InternalServerError", push.Retry, 0},
		{503, "ServiceUnavailable", push.Retry, 0},
		{503, "Shutdown", push.Retry, 0},
		// Undocumented reasons.
		{410, "SomethingNew", push.Dead, 0},
		{400, "SomethingNew", push.Misconfigured, 0},
		{429, "SomethingNew", push.Retry, 0},
		{502, "", push.Retry, 0},
	} {
		p.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: row.status, Reason: row.reason} })
		result := p.one(t.Context(), push.IOS, "aa00bb11")
		require.Equal(t, row.verdict, result.Verdict, "%d %s", row.status, row.reason)
		require.Equal(t, row.after, result.After, row.reason)
		if row.reason != "" {
			require.Equal(t, row.reason, result.Reason)
		}
	}
	p.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
	require.Equal(t, push.Result{Verdict: push.Sent}, p.one(t.Context(), push.IOS, "aa00bb11"))
	require.Empty(t, p.fcm.Accepted())
}

func TestWhatElseAppleSays(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	since := time.Now().Add(-time.Hour).Truncate(time.Second)
	p.apns.On(func(pushtest.Push) pushtest.Reply {
		return pushtest.Reply{Status: 410, Reason: "Unregistered", Since: since}
	})
	require.True(t, since.Equal(p.one(t.Context(), push.IOS, "aa00bb11").Since))
	p.apns.On(func(pushtest.Push) pushtest.Reply {
		return pushtest.Reply{Status: 429, Reason: "TooManyRequests", RetryAfter: 7 * time.Second}
	})
	require.Equal(t, 7*time.Second, p.one(t.Context(), push.IOS, "aa00bb11").After, "as Retry-After says, not as usual")
	for range 3 {
		p.apns.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: 400, Reason: "BadTopic"} })
		p.one(t.Context(), push.IOS, "aa00bb11")
	}
	require.Equal(t, 1, strings.Count(p.logs.String(), "BadTopic"), "it is logged once in a while: %s", p.logs)
}

// TestEveryCodeOfGoogles has each code that Google documents answered over the wire.
func TestEveryCodeOfGoogles(t *testing.T) {
	t.Parallel()
	p := newProviders(t)
	for _, row := range []struct {
		status  int
		code    string
		verdict push.Verdict
		after   time.Duration
		reason  string
	}{
		{400, "UNSPECIFIED_ERROR", push.Retry, 0, "UNSPECIFIED_ERROR"},
		{400, "INVALID_ARGUMENT", push.Misconfigured, 0, "INVALID_ARGUMENT"},
		{400, "token", push.Unregistered, 0, "INVALID_ARGUMENT"},
		{404, "UNREGISTERED", push.Unregistered, 0, "UNREGISTERED"},
		{403, "SENDER_ID_MISMATCH", push.Mismatch, 0, "SENDER_ID_MISMATCH"},
		{429, "QUOTA_EXCEEDED", push.Retry, time.Minute, "QUOTA_EXCEEDED"},
		{503, "UNAVAILABLE", push.Retry, 0, "UNAVAILABLE"},
		{500, "INTERNAL", push.Retry, 0, "INTERNAL"},
		{401, "THIRD_PARTY_AUTH_ERROR", push.Mismatch, 0, "THIRD_PARTY_AUTH_ERROR"},
		{401, "APNS_AUTH_ERROR", push.Mismatch, 0, "APNS_AUTH_ERROR"},
		// Codes without a messaging code.
		{401, "", push.Refused, 0, "UNAUTHENTICATED"},
		{403, "", push.Refused, 0, "PERMISSION_DENIED"},
		{404, "", push.Refused, 0, "NOT_FOUND"},
		{429, "", push.Retry, time.Minute, "RESOURCE_EXHAUSTED"},
		{500, "", push.Retry, 0, "INTERNAL"},
		{503, "", push.Retry, 0, "UNAVAILABLE"},
		{502, "", push.Retry, 0, "status 502"},
		{400, "SOMETHING_NEW", push.Misconfigured, 0, "SOMETHING_NEW"},
	} {
		for _, platform := range []string{push.Android, push.Web} {
			p.fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Reply{Status: row.status, Reason: row.code} })
			before := p.fcm.Asked()
			result := p.one(t.Context(), platform, "a-registration-token")
			require.Equal(t, row.verdict, result.Verdict, "%d %s", row.status, row.code)
			require.Equal(t, row.after, result.After, row.code)
			require.Equal(t, row.reason, result.Reason)
			require.Equal(t, 1, p.fcm.Asked()-before, "the library tries once: %s", row.code)
		}
	}
	p.fcm.On(func(pushtest.Push) pushtest.Reply {
		return pushtest.Reply{Status: 503, Reason: "UNAVAILABLE", RetryAfter: 9 * time.Second}
	})
	require.Equal(t, 9*time.Second, p.one(t.Context(), push.Android, "a-registration-token").After)
	p.fcm.On(func(pushtest.Push) pushtest.Reply { return pushtest.Accept() })
	require.Equal(t, push.Result{Verdict: push.Sent}, p.one(t.Context(), push.Web, "a-registration-token"))
}
