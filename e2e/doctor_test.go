package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/storetest"
)

type diagnosis struct {
	Healthy bool `json:"healthy"`
	Checks  []struct{ Name, Status, Says, Mend string }
}

// doctor runs lyo doctor and returns the problems, by name.
func (s *system) doctor(port int) (d diagnosis, mends map[string]string) {
	s.t.Helper()
	out, errs, err := s.lyoAt(port, "doctor", "--json")
	require.NoError(s.t, json.Unmarshal([]byte(out), &d), out+errs)
	require.Equal(s.t, d.Healthy, err == nil, "the exit code says it too")
	mends = map[string]string{}
	for _, c := range d.Checks {
		require.NotEmpty(s.t, c.Says, c.Name)
		if c.Status == "fault" {
			require.NotEmpty(s.t, c.Mend, "%s: %s", c.Name, c.Says)
			mends[c.Name] = c.Mend
		}
	}
	return d, mends
}

// TestTheDoctorNamesWhatIsAway starts all servers and stops them again, one after another.
func TestTheDoctorNamesWhatIsAway(t *testing.T) {
	t.Parallel()
	s, postgres, redis := newClinic(t)
	port := freePort(t)

	_, mends := s.doctor(port)
	require.Len(t, mends, 3, "%v", mends)
	require.Equal(t, "lyo migrate", mends["migrations"])
	require.Contains(t, mends["workers"], "lyo worker")
	require.Contains(t, mends["api"], "lyo api")
	_, _, err := s.lyoAt(port, "migrate")
	require.NoError(t, err)
	api, worker := s.start("api", port), s.start("worker", 1)
	require.Eventually(t, func() bool {
		d, _ := s.doctor(port)
		return d.Healthy
	}, patience, 100*time.Millisecond)
	out, _, err := s.lyoAt(port, "doctor")
	require.NoError(t, err)
	require.NotContains(t, out, "fault")

	for _, part := range []struct {
		name, mend string
		stop       func()
	}{
		{"model", "LYO_GEMMA_BASE_URL", s.model.Close},
		{"redis", "REDIS_URL", func() { require.NoError(t, redis.Stop(context.Background())) }},
		{"api", "lyo api", func() { stop(api) }},
		{"temporal", "TEMPORAL_ADDRESS", func() { require.NoError(t, s.temporal.Stop(context.Background())) }},
		{"postgres", "DATABASE_URL", func() { stop(worker); require.NoError(t, postgres.Stop(context.Background())) }},
	} {
		part.stop()
		_, mends := s.doctor(port)
		require.Contains(t, mends[part.name], part.mend, part.name)
	}
	s.extra = append(s.extra, "LYO_HTTP_PORT=none")
	_, mends = s.doctor(port)
	require.Contains(t, mends, "settings")
}

// newClinic returns a system with servers of its own, so that each can be stopped.
func newClinic(t *testing.T) (*system, *local.Postgres, *local.Redis) {
	t.Helper()
	s := newSystem(t)
	state := os.Getenv("LYO_STATE_DIR")
	if state == "" || !filepath.IsAbs(state) {
		state = filepath.Join("..", ".lyo")
	}
	finder := local.Finder{StateDir: state, Offline: true, Out: io.Discard}
	bin, err := local.FindPostgres(t.Context(), finder)
	require.NoError(t, err)
	room, err := os.MkdirTemp("", "lyo-clinic-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(room, 0o711)) // root's Postgres runs as another user
	t.Cleanup(func() { _ = os.RemoveAll(room) })
	postgres, err := local.StartPostgres(t.Context(), local.PostgresOptions{BinDir: bin, DataDir: filepath.Join(room, "data"), Out: io.Discard})
	require.NoError(t, err)
	t.Cleanup(func() { _ = postgres.Stop(context.Background()) })
	require.NoError(t, postgres.CreateDatabase(t.Context(), "lyo"))
	redis := storetest.OwnRedis(t)
	s.database, s.redis = postgres.URL("lyo"), redis.URL()
	return s, postgres, redis
}

// lyoAt is lyo with the port of an API.
func (s *system) lyoAt(port int, args ...string) (out, errs string, err error) {
	s.t.Helper()
	var o, e strings.Builder
	cmd := s.command(port, args...)
	cmd.Stdout, cmd.Stderr = &o, &e
	err = cmd.Run()
	return o.String(), e.String(), err
}
