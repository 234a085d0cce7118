package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
)

// moody is a Postgres that drops its connections below readers and writers.
type moody struct {
	*faultEnv
	base, post string
	reads      atomic.Int64
	rounds     []*atomic.Int64 // of each reader
	stopped    atomic.Bool

	writing  sync.Mutex
	wrote    map[string]int // by status
	comments []string       // that were answered with a success
	scandals []string
}

// read requires that every read succeeds.
func (m *moody) read(ctx context.Context, l *learner, rounds *atomic.Int64) {
	for !m.stopped.Load() && ctx.Err() == nil {
		m.readAll(ctx, l)
		rounds.Add(1)
	}
}

func (m *moody) readAll(ctx context.Context, l *learner) {
	for _, path := range []string{"/v1/courses/", "/v1/community/posts/" + m.post, "/v1/users/me", "/v1/users/me/stats", "/v1/notifications"} {
		if got := l.try(ctx, http.MethodGet, path, nil); got.status != http.StatusOK {
			m.scandalf("GET %s: %d %v %s", path, got.status, got.err, got.text)
		}
		m.reads.Add(1)
	}
}

// readAtOnce has each learner read several times at once.
func (m *moody) readAtOnce(ctx context.Context, learners []*learner) {
	var all sync.WaitGroup
	for _, l := range learners {
		for range 4 {
			all.Go(func() { m.readAll(ctx, l) })
		}
	}
	all.Wait()
}

// dropEveryConnection ends all connections to the database but its own.
func (m *moody) dropEveryConnection() {
	m.t.Helper()
	require.NoError(m.t, m.db.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Error)
}

// write comments; a write may fail, and is then either done or not.
func (m *moody) write(ctx context.Context, l *learner, writer int) {
	for n := 0; !m.stopped.Load() && ctx.Err() == nil; n++ {
		text := fmt.Sprintf("certain %d-%d", writer, n)
		got := l.try(ctx, http.MethodPost, "/v1/community/posts/"+m.post+"/comments", object{"content": text})
		m.writing.Lock()
		m.wrote[strconv.Itoa(got.status)]++
		if got.status == http.StatusOK {
			m.comments = append(m.comments, text)
		}
		m.writing.Unlock()
		if got.status != http.StatusOK && got.status != http.StatusServiceUnavailable {
			m.scandalf("a comment: %d %v %s", got.status, got.err, got.text)
		}
	}
}

func (m *moody) scandalf(format string, args ...any) {
	m.writing.Lock()
	defer m.writing.Unlock()
	m.scandals = append(m.scandals, fmt.Sprintf(format, args...))
}

// awaitRounds waits until each reader has read everything so many times more, so that no read is cut twice.
func (m *moody) awaitRounds(n int64) {
	m.t.Helper()
	for _, rounds := range m.rounds {
		before := rounds.Load()
		require.Eventually(m.t, func() bool { return rounds.Load() >= before+n }, patience, time.Millisecond)
	}
}

// certain returns the comments that were reported as written, as a list of SQL.
func (m *moody) certain() string { return "('" + strings.Join(m.comments, "','") + "')" }
