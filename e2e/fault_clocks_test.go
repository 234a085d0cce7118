package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestFaultClocksStep moves the clocks of Postgres and Redis by an hour, forth and back, while
// learners are at work. An API is killed after each step, so that what it held in Redis is
// measured by the other clock.
func TestFaultClocksStep(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s, learners := newBusyStand(t, ownPostgres, durableRedis)
	step := s.stepClocks()
	w := s.work(learners)
	var sockets []*followers
	for i, offset := range sized([]time.Duration{time.Hour, 0, -time.Hour, time.Hour, -time.Hour, 0}, []time.Duration{time.Hour, 0}) {
		sockets = append(sockets, s.watched(learners, 2, s.apis[0].base, s.apis[1].base))
		step(offset)
		t.Logf("the clocks are %v off", offset)
		s.endure(s.drawTime(0, sized(2*time.Second, 300*time.Millisecond)))
		dying := s.apis[i%2]
		w.cut.Store(true)
		kill(t, dying.Process)
		s.startAgain(dying)
		require.NoError(t, local.AwaitReady(s.within(patience), dying.Process, answersAt(dying.base+"/v1/health/ready")))
		w.cut.Store(false)
		s.endure(sized(8*time.Second, time.Second))
	}
	w.endWork()
	for _, f := range sockets {
		s.requireAllEvents(f)
	}
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// stepClocks starts the environment's own Postgres again, under libfaketime. Step moves its clock and
// that of Redis to an offset from the true time. Redis, whose allocator does not start under
// libfaketime, is given keys that end as they would by such a clock.
func (s *faultEnv) stepClocks() (step func(offset time.Duration)) {
	s.t.Helper()
	dir, err := os.MkdirTemp("", "lyo-clocks-")
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(s.t, os.Chmod(dir, 0o755)) // Postgres runs as another user
	clock := filepath.Join(dir, "offset")
	write := func(offset time.Duration) {
		draft := clock + ".new"
		require.NoError(s.t, os.WriteFile(draft, fmt.Appendf(nil, "%+d\n", int(offset.Seconds())), 0o644))
		require.NoError(s.t, os.Rename(draft, clock))
	}
	write(0)
	s.crashPostgres()
	bin, err := local.FindPostgres(s.t.Context(), s.finder())
	require.NoError(s.t, err)
	s.fakeClock(dir, clock, filepath.Join(bin, "postgres"))
	s.startPostgres(local.PostgresOptions{BinDir: dir, DataDir: s.postgres.DataDir(), Port: s.postgres.Port()})

	keys, before := s.keys(), time.Duration(0)
	return func(offset time.Duration) {
		write(offset)
		require.NoError(s.t, stepOfRedis.Run(s.t.Context(), keys, nil, (offset-before).Milliseconds()).Err())
		before = offset
		require.Eventually(s.t, func() bool {
			var at time.Time
			err := s.db.Raw("SELECT now()").Scan(&at).Error
			return err == nil && time.Until(at.Add(-offset)).Abs() < time.Minute
		}, patience, 50*time.Millisecond, "the clock of Postgres cannot be moved")
	}
}

// stepOfRedis does to Redis's keys what a step of its clock, of so many milliseconds, would do.
var stepOfRedis = redis.NewScript(`
for _, key in ipairs(redis.call('KEYS', '*')) do
  local left = redis.call('PTTL', key)
  if left > 0 then redis.call('PEXPIRE', key, math.max(left - ARGV[1], 1)) end
  if string.find(key, ':sockets$') then
    for _, slot in ipairs(redis.call('ZRANGE', key, 0, -1)) do redis.call('ZINCRBY', key, -ARGV[1], slot) end
  end
end
return 1`)

// fakeClock puts a program that runs by a file's clock into a folder, or skips the test.
func (s *faultEnv) fakeClock(dir, clock, program string) {
	s.t.Helper()
	found, _ := storetest.Program(s.t, "faketime", "faketime", "libfaketime")
	library := ""
	for _, root := range []string{filepath.Dir(filepath.Dir(filepath.Dir(found))), "/"} {
		if libraries, _ := filepath.Glob(filepath.Join(root, "usr/lib/*/faketime/libfaketime.so.1")); len(libraries) > 0 {
			library = libraries[0]
			break
		}
	}
	require.NotEmpty(s.t, library, "no libfaketime beside %s", found)
	text, err := os.ReadFile(library)
	require.NoError(s.t, err)
	library = filepath.Join(dir, filepath.Base(library)) // where Postgres's user can read it
	require.NoError(s.t, os.WriteFile(library, text, 0o755))
	script := fmt.Sprintf(`#!/bin/sh
exec env LD_LIBRARY_PATH=%q LD_PRELOAD=%q FAKETIME_TIMESTAMP_FILE=%q FAKETIME_CACHE_DURATION=1 FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1 %q "$@"
`, local.LibraryPath(filepath.Dir(program)), library, clock, program)
	require.NoError(s.t, os.WriteFile(filepath.Join(dir, filepath.Base(program)), []byte(script), 0o755))
}
