package api

import (
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/workflows/outbox"
)

// reference is a simple model of the API, in slices: the behaviour that the contract
// implies, without transactions, indexes and cursors.
type reference struct {
	w       *testEnv
	people  []*refUser
	courses []*refCourse // oldest first; deleted ones too
	tasks   []*refTask   // oldest first
}

// refUser is a user of the reference model.
type refUser struct {
	id, email, password string
	sessions            []*refSession // oldest first
}

type refSession struct {
	id, access string
	over       bool
}

type refCourse struct {
	id         uuid.UUID
	owner      *refUser
	title      string
	topic      string
	status     string
	visibility string
	deleted    bool
	task       *refTask
}

type refTask struct {
	id    uuid.UUID
	owner *refUser
	key   string
	topic string // what the key belongs to
	state string
	makes *refCourse
}

// TestRandomSequencesOfCalls makes random sequences of requests to the API, one after another,
// beside the reference model. Each area adds its steps.
func TestRandomSequencesOfCalls(t *testing.T) {
	t.Parallel()
	w := newReferenceEnv(t)
	rapid.Check(t, func(rt *rapid.T) {
		for _, table := range []string{"outbox", "users"} { // the rest is deleted with the users
			require.NoError(rt, w.server.DB.Exec("DELETE FROM "+table).Error)
		}
		n := &reference{w: w}
		n.signUp(rt)
		steps := map[string]func(*rapid.T){}
		for _, area := range []map[string]func(*rapid.T){n.accountSteps(), n.courseSteps(), n.taskSteps()} {
			maps.Copy(steps, area)
		}
		for name, step := range steps {
			steps[name] = func(rt *rapid.T) {
				w.clock.advance(time.Second) // no two things happen at once
				step(rt)
			}
		}
		rt.Repeat(steps)
	})
}

// newReferenceEnv returns a test environment whose Temporal client fails at once.
func newReferenceEnv(t *testing.T) *testEnv {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	gone, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: sdklog.NewStructuredLogger(quiet)})
	require.NoError(t, err)
	gone.Close()
	return newTestEnv(t, func(d *Deps) {
		d.Config.Course.Deadline = time.Hour
		d.Config.Course.AtOnce = 1000
		d.Config.Auth.AccessFor = 24 * time.Hour // no sequence is longer
		d.Temporal = gone
		d.Dispatcher = &outbox.Dispatcher{DB: d.DB, Temporal: gone, Clock: time.Now, Log: quiet}
	})
}

// anySession returns a user with an open session, and that session.
func (n *reference) anySession(rt *rapid.T) (*refUser, *refSession) {
	var open []*refUser
	for _, p := range n.people {
		if len(p.open()) > 0 {
			open = append(open, p)
		}
	}
	if len(open) == 0 {
		rt.Skip("nobody is signed in")
	}
	p := rapid.SampledFrom(open).Draw(rt, "who")
	return p, rapid.SampledFrom(p.open()).Draw(rt, "session")
}

func (p *refUser) open() (open []*refSession) {
	for _, s := range p.sessions {
		if !s.over {
			open = append(open, s)
		}
	}
	return open
}

func (n *reference) called(email string) *refUser {
	i := slices.IndexFunc(n.people, func(p *refUser) bool { return p.email == email })
	if i < 0 {
		return nil
	}
	return n.people[i]
}

// as sends a request in a session.
func (n *reference) as(s *refSession, method, path, body string, headers ...string) answer {
	return n.w.do(method, path, body, append(headers, "Authorization", "Bearer "+s.access)...)
}

// pages follows a list from page to page and returns a field of each row.
func (n *reference) pages(rt *rapid.T, s *refSession, path, field string) (all []string) {
	for path != "" {
		a := n.as(s, "GET", path, "")
		require.Equal(rt, http.StatusOK, a.status, string(a.body))
		for _, row := range rows(rt, a) {
			all = append(all, fmt.Sprint(row[field]))
		}
		path = following(rt, a)
	}
	return all
}
