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
	env     *faultEnv
	off     time.Duration // its clock's offset
	refresh string
	expires time.Time // of the access token, by its clock
	trades  int
}

func (s *faultEnv) phone(a *api, email string, off time.Duration) *phone {
	s.t.Helper()
	p := &phone{learner: &learner{t: s.t, base: a.base}, env: s, off: off}
	body := object{"email": email, "password": "correct horse battery", "full_name": "Ada"}
	p.keep(p.call("POST", "/v1/auth/register", body, http.StatusCreated))
	return p
}

func (p *phone) now() time.Time { return time.Now().Add(p.off) }

// keep stores a token pair. A clock ahead makes every token look expired, and one
// behind none.
func (p *phone) keep(pair object) {
	p.token, _ = pair["access_token"].(string)
	p.refresh, _ = pair["refresh_token"].(string)
	seconds, _ := pair["expires_in"].(float64)
	p.expires = time.Now().Add(time.Duration(seconds) * time.Second)
}

// use sends various requests to the API for a time.
func (p *phone) use(ctx context.Context, span time.Duration) {
	for end := time.Now().Add(span); time.Now().Before(end) && !p.t.Failed(); {
		if p.now().After(p.expires) {
			p.trade(ctx)
		}
		got := p.try(ctx, "GET", "/v1/users/me", nil, "Date", p.now().UTC().Format(http.TimeFormat))
		switch got.status {
		case http.StatusOK:
		case http.StatusUnauthorized:
			p.trade(ctx)
		default:
			p.t.Errorf("the profile was answered %d %v %s", got.status, got.err, got.text)
		}
		p.env.endure(p.env.drawTime(20*time.Millisecond, 300*time.Millisecond))
	}
}

// trade refreshes the pair; one response in four is lost.
func (p *phone) trade(ctx context.Context) {
	p.trades++
	for {
		got := p.try(ctx, "POST", "/v1/auth/refresh", object{"refresh_token": p.refresh})
		if got.status != http.StatusOK {
			p.t.Errorf("a refresh was answered %d %v %s", got.status, got.err, got.text)
			return
		}
		if p.env.draw(4) > 0 {
			p.keep(got.body)
			return
		}
	}
}

// requireLive refreshes once more and checks the access.
func (p *phone) requireLive(ctx context.Context) {
	p.t.Helper()
	p.trade(ctx)
	require.Equal(p.t, http.StatusOK, p.try(ctx, "GET", "/v1/users/me", nil).status)
	require.Greater(p.t, p.trades, 1)
}
