package e2e_test

import (
	"context"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"
)

// phone is a client with a clock of its own.
type phone struct {
	*learner
	stand   *stand
	off     time.Duration // its clock, before or behind
	refresh string
	expires time.Time // of the access token, by its clock
	trades  int
}

func (s *stand) phone(a *api, email string, off time.Duration) *phone {
	s.t.Helper()
	p := &phone{learner: &learner{t: s.t, base: a.base}, stand: s, off: off}
	body := object{"email": email, "password": "correct horse battery", "full_name": "Ada"}
	p.keep(p.call("POST", "/v1/auth/register", body, http.StatusCreated))
	return p
}

func (p *phone) now() time.Time { return time.Now().Add(p.off) }

// keep takes a pair. The phone believes the time that the answer's Date would have
// had, so a clock that is ahead finds every token expired, and one behind none.
func (p *phone) keep(pair object) {
	p.token, _ = pair["access_token"].(string)
	p.refresh, _ = pair["refresh_token"].(string)
	seconds, _ := pair["expires_in"].(float64)
	p.expires = time.Now().Add(time.Duration(seconds) * time.Second)
}

// until uses the API for a time.
func (p *phone) until(ctx context.Context, span time.Duration) {
	p.t.Helper()
	for end := time.Now().Add(span); time.Now().Before(end); p.stand.endure(p.stand.drawTime(20*time.Millisecond, 300*time.Millisecond)) {
		if p.now().After(p.expires) {
			p.trade(ctx)
		}
		if got := p.try(ctx, "GET", "/v1/users/me", nil, "Date", p.now().UTC().Format(http.TimeFormat)); got.status == http.StatusUnauthorized {
			p.trade(ctx)
		} else {
			require.Equal(p.t, http.StatusOK, got.status, "%v %s", got.err, got.text)
		}
	}
}

// trade gets the next pair; one answer in four is lost on the way.
func (p *phone) trade(ctx context.Context) {
	p.t.Helper()
	p.trades++
	for {
		got := p.try(ctx, "POST", "/v1/auth/refresh", object{"refresh_token": p.refresh})
		require.Equal(p.t, http.StatusOK, got.status, "%v %s", got.err, got.text)
		if p.stand.draw(4) > 0 {
			p.keep(got.body)
			return
		}
	}
}

// requireLive trades once more and looks.
func (p *phone) requireLive(ctx context.Context) {
	p.t.Helper()
	p.trade(ctx)
	require.Equal(p.t, http.StatusOK, p.try(ctx, "GET", "/v1/users/me", nil).status)
	require.Greater(p.t, p.trades, 1)
}
