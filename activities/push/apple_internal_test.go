package push

import (
	"log/slog"
	"testing"
	"time"

	"github.com/sideshow/apns2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/push/pushtest"
)

// TestATokenThatIsTooOld is renewed; if a new one has expired as well, the clock is wrong.
func TestATokenThatIsTooOld(t *testing.T) {
	t.Parallel()
	stand := pushtest.NewAPNs(t, 0)
	s, err := New(t.Context(), Options{
		Apple:   Apple{Key: stand.Key(), KeyID: pushtest.KeyID, TeamID: pushtest.TeamID, Topic: pushtest.Topic, URL: stand.URL(), Streams: 1, RootCAs: stand.Roots()},
		Timeout: time.Minute, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	require.NoError(t, err)
	one := func() Result {
		return s.Send(t.Context(), []Message{{Token: "aa00bb11", Platform: IOS, Title: "News", Body: "of something"}})[0]
	}
	require.Equal(t, Sent, one().Verdict)
	stand.On(func(pushtest.Push) pushtest.Reply {
		return pushtest.Reply{Status: 403, Reason: apns2.ReasonExpiredProviderToken}
	})
	s.apple.token.Lock()
	s.apple.token.IssuedAt -= 120
	s.apple.token.Unlock()
	old := one()
	require.Equal(t, Result{Verdict: Retry, Reason: apns2.ReasonExpiredProviderToken, After: 2 * time.Second}, old)
	require.Equal(t, Refused, one().Verdict)
}
