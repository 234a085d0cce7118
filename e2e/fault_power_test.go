package e2e_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/deploy/local"
)

// TestFaultEverythingDies kills every process at once while learners are at work, and
// starts them on the same state, ours before the servers they need.
func TestFaultEverythingDies(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s, learners := newBusyStand(t, ownPostgres, durableRedis)
	w := s.work(learners)
	var sockets []*followers
	for range sized(5, 1) {
		sockets = append(sockets, s.watched(learners, 1, s.apis[0].base, s.apis[1].base))
		before := s.model.State().Done
		require.NoError(t, s.model.Wait(t.Context(), func(st llmtest.State) bool { return st.Done > before+sized(s.draw(60), 6) }))
		w.cut.Store(true)
		s.killEverything()
		s.endure(s.drawTime(0, sized(5*time.Second, 200*time.Millisecond)))
		began := time.Now()
		s.startEverything()
		t.Logf("ready %v after the start", time.Since(began).Round(10*time.Millisecond))
		w.cut.Store(false)
		s.endure(sized(3*time.Second, time.Second))
	}
	w.endWork()
	for _, f := range sockets {
		s.requireAllEvents(f)
	}
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// killEverything ends every process of the system as a power cut would, but for what the
// kernel has not yet written.
func (s *faultEnv) killEverything() {
	s.t.Helper()
	all := []int{s.worker.PID(), s.temporal.PID(), s.redisPID(), s.postgres.PID()}
	for _, a := range s.apis {
		all = append(all, a.PID())
	}
	all = append(all, childrenOf(s.postgres.PID())...) // in sessions of their own
	for _, pid := range all {
		_ = syscall.Kill(pid, syscall.SIGKILL) // a child may have ended by itself
	}
	for _, a := range s.apis {
		<-a.Done()
	}
	for _, done := range []<-chan struct{}{s.worker.Done(), s.temporal.Done(), s.server.Done(), s.postgres.Done()} {
		<-done
	}
}

// startEverything starts everything where it was, and waits until both APIs are ready.
func (s *faultEnv) startEverything() {
	s.t.Helper()
	s.startWorker()
	for _, a := range s.apis {
		s.startAgain(a)
	}
	s.startPostgresAgain()
	s.startDurableRedis(s.server.Port())
	s.startTemporal(s.temporal.Port())
	for _, a := range s.apis {
		require.NoError(s.t, local.AwaitReady(s.within(patience), a.Process, answersAt(a.base+"/v1/health/ready")))
	}
}

// startAgain starts a new process at the address of an API that has ended.
func (s *faultEnv) startAgain(a *api, extra ...string) {
	s.t.Helper()
	var port int
	_, err := fmt.Sscanf(a.base, "http://127.0.0.1:%d", &port)
	require.NoError(s.t, err)
	a.Process = s.start("api", port, extra...)
}

// startDurableRedis starts a Redis on the environment's data, at a free port when it is 0.
func (s *faultEnv) startDurableRedis(port int) {
	s.t.Helper()
	binary, err := local.FindRedis(s.t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true})
	if err != nil {
		s.t.Skip("this test needs a real redis-server:", err)
	}
	s.server, err = local.StartRedis(s.t.Context(), local.RedisOptions{
		Binary: binary, Port: port, DataDir: filepath.Join(cmp.Or(s.disk, s.dir), "redis"), Durable: true, Out: s.t.Output(),
	})
	require.NoError(s.t, err)
	s.t.Cleanup(s.server.Kill)
	s.redis = s.server.URL()
}
