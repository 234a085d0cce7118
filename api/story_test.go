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

// naive is what the API should be like, in slices: what anybody would expect who
// has read the contract and knows nothing of transactions, indexes and cursors.
type naive struct {
	w       *world
	people  []*resident
	courses []*storyCourse // oldest first; those deleted too
	tasks   []*storyTask   // oldest first
}

// resident is somebody with an account.
type resident struct {
	id, email, password string
	sessions            []*storySession // oldest first
}

type storySession struct {
	id, access string
	over       bool
}

type storyCourse struct {
	id         uuid.UUID
	owner      *resident
	title      string
	topic      string
	status     string
	visibility string
	deleted    bool
	task       *storyTask
}

type storyTask struct {
	id    uuid.UUID
	owner *resident
	key   string
	topic string // what the key belongs to
	state string
	makes *storyCourse
}

// TestAnyStoryOfTheAPI takes random walks over the API, one request after another,
// beside the naive model. Each area adds its steps.
func TestAnyStoryOfTheAPI(t *testing.T) {
	t.Parallel()
	w := storyWorld(t)
	rapid.Check(t, func(rt *rapid.T) {
		for _, table := range []string{"outbox", "users"} { // all else goes with the users
			require.NoError(rt, w.server.DB.Exec("DELETE FROM "+table).Error)
		}
		n := &naive{w: w}
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

// storyWorld is a world whose Temporal is away, and says so at once.
func storyWorld(t *testing.T) *world {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	gone, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: sdklog.NewStructuredLogger(quiet)})
	require.NoError(t, err)
	gone.Close()
	return newWorld(t, func(d *Deps) {
		d.Config.Course.Deadline = time.Hour
		d.Config.Course.AtOnce = 1000
		d.Config.Auth.AccessFor = 24 * time.Hour // no walk is longer
		d.Temporal = gone
		d.Dispatcher = &outbox.Dispatcher{DB: d.DB, Temporal: gone, Clock: time.Now, Log: quiet}
	})
}

// anyone is somebody with an open session, and that session.
func (n *naive) anyone(rt *rapid.T) (*resident, *storySession) {
	var open []*resident
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

func (p *resident) open() (open []*storySession) {
	for _, s := range p.sessions {
		if !s.over {
			open = append(open, s)
		}
	}
	return open
}

func (n *naive) called(email string) *resident {
	i := slices.IndexFunc(n.people, func(p *resident) bool { return p.email == email })
	if i < 0 {
		return nil
	}
	return n.people[i]
}

// as sends a request in a session.
func (n *naive) as(s *storySession, method, path, body string, headers ...string) answer {
	return n.w.do(method, path, body, append(headers, "Authorization", "Bearer "+s.access)...)
}

// pages follows a list from page to page and gives a field of each row.
func (n *naive) pages(rt *rapid.T, s *storySession, path, field string) (all []string) {
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
