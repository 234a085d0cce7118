package e2e_test

import (
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// TestFaultAPartHangs stops each part with SIGSTOP while learners are at work, and lets it
// go on after a while: its connections stay open, and nobody answers on them.
func TestFaultAPartHangs(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s, learners := newBusyStand(t, ownPostgres, ownRedis)
	s.pause = sized(2*time.Second, s.pause) // it lasts minutes
	parts := []struct {
		name string
		hang func() (resume func())
	}{
		{"API", func() func() { return freeze(t, s.apis[0].PID()) }},
		{"worker", func() func() { return freeze(t, s.worker.PID()) }},
		{"Postgres", func() func() { return freeze(t, s.postgres.PID()) }},
		{"Redis", func() func() { return freeze(t, s.redisPID()) }},
		{"Temporal", func() func() { return freeze(t, s.temporal.PID()) }},
		{"model", s.stallModel},
	}
	w := s.work(learners)
	var sockets []*followers
	for _, p := range parts {
		sockets = append(sockets, s.watched(learners, 1, s.apis[0].base, s.apis[1].base))
		s.endure(s.drawTime(0, 300*time.Millisecond))
		began, resume := time.Now(), p.hang()
		s.endure(sized(30*time.Second, 6*time.Second))
		resume()
		t.Logf("%s hung for %v", p.name, time.Since(began).Round(time.Millisecond))
		s.endure(sized(5*time.Second, time.Second))
	}
	w.endWork()
	for _, f := range sockets {
		s.requireAllEvents(f)
	}
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// freeze stops a process and its children without ending them, until resume.
func freeze(t *testing.T, pid int) (resume func()) {
	t.Helper()
	stopped := []int{pid}
	for i := 0; i < len(stopped); i++ { // the parent first: it starts no more children
		require.NoError(t, syscall.Kill(stopped[i], syscall.SIGSTOP))
		for _, child := range childrenOf(stopped[i]) {
			if syscall.Kill(child, 0) == nil {
				stopped = append(stopped, child)
			}
		}
	}
	resume = sync.OnceFunc(func() {
		for _, p := range stopped {
			_ = syscall.Kill(p, syscall.SIGCONT) // it may have been killed
		}
	})
	t.Cleanup(resume)
	return resume
}

var redisProcess = regexp.MustCompile(`process_id:(\d+)`)

// redisPID returns the process id of the environment's own Redis.
func (s *faultEnv) redisPID() int {
	s.t.Helper()
	info, err := s.keys().Info(s.t.Context(), "server").Result()
	require.NoError(s.t, err)
	found := redisProcess.FindStringSubmatch(info)
	require.NotNil(s.t, found, info)
	pid, err := strconv.Atoi(found[1])
	require.NoError(s.t, err)
	return pid
}

// stallModel has the model answer nothing, in the middle of what it says, until resume.
func (s *faultEnv) stallModel() (resume func()) {
	s.model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Stall()}
	})
	return func() {
		s.model.Heal()
		s.model.Release()
	}
}
