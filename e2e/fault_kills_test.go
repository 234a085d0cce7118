package e2e_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/workflows"
)

// toTemporal is the latency of a start.
const toTemporal = 120 * time.Millisecond

// TestFaultTheAPIDiesBeforeTheStart kills API processes between the commit of a
// request and the start of its workflow. The latency to Temporal is raised, so that
// there is time between the two.
func TestFaultTheAPIDiesBeforeTheStart(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil)
	s.addAPI()
	s.startWorker()
	slow := s.between("temporal", s.temporal.Address())
	s.spoil(slow, "latency", "upstream", fmt.Sprintf(`{"latency":%d}`, toTemporal.Milliseconds()))
	learners := s.crew(sized(25, 2))
	s.extra = append(s.extra, "TEMPORAL_ADDRESS="+slow.Listen)

	want := sized(100, 2)
	between, tries := 0, 0
	ctx, enough := context.WithCancel(t.Context())
	defer enough()
	next := s.apisAhead(ctx)
	f, following := &followers{}, s.within(10*time.Minute)
	for ; between < want && tries < 3*want+6; tries++ {
		dying := <-next
		require.NotNil(t, dying)
		r := request{learners[tries%len(learners)], fmt.Sprintf("key-%d", tries), fmt.Sprintf("How tides work, part %d", tries)}
		task, early := s.killAfterCommit(dying, r)
		s.join(following, f, &follower{learner: r.by, base: r.by.base, task: task})
		if early {
			between++
		}
	}
	enough()
	for range next { // the unused one is stopped with the test
	}
	require.GreaterOrEqual(t, between, want)
	s.requireAllEvents(f)
	s.requireSound()
	t.Logf("killed %d times, %d of them between commit and start", tries, between)
	require.Equal(t, tries, s.count("tasks"))
	require.Zero(t, s.count("tasks WHERE state <> 'DONE'"))
}

// apisAhead starts API processes, one in advance, until ctx ends. The channel is
// closed when no more are being started.
func (s *faultEnv) apisAhead(ctx context.Context) <-chan *api {
	ready := make(chan *api, 1)
	go func() {
		defer close(ready)
		for ctx.Err() == nil {
			a, err := s.tryAPI()
			if err != nil {
				s.t.Errorf("an API process did not start: %v", err)
				return
			}
			select {
			case ready <- a:
			case <-ctx.Done():
			}
		}
	}()
	return ready
}

// killAfterCommit sends a request and kills the API at a random time after the
// commit. It returns the task, and whether its start was still pending.
func (s *faultEnv) killAfterCommit(dying *api, r request) (id string, early bool) {
	s.t.Helper()
	home := r.by
	r.by = home.at(dying)
	answered := make(chan reply, 1)
	go func() {
		answered <- r.by.try(s.t.Context(), "POST", "/v1/courses/generate", object{"topic": r.topic}, "Idempotency-Key", r.key)
	}()
	user := uuid.MustParse(home.id)
	task, _ := courses.GenerationIDs(user, &r.key)
	await := func() bool { return s.count("outbox WHERE workflow_id = '"+workflows.GenerateCourseID(task)+"'") == 1 }
	deadline := time.Now().Add(30 * time.Second)
	for !await() {
		require.True(s.t, time.Now().Before(deadline), "the request was not committed")
		<-time.After(time.Millisecond) // the commit is in another process
	}
	<-time.After(s.drawTime(0, toTemporal*4/5))
	kill(s.t, dying.Process)
	got := <-answered
	r.by = home
	if got.status == 202 {
		s.acceptUnder(r, got.body)
	} else {
		s.doubt(r)
	}
	return task.String(), await() && got.status == 0
}

// TestFaultTheWorkerDiesInLessons kills workers with -9 while lessons are being
// written, until so many lessons were hit.
func TestFaultTheWorkerDiesInLessons(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil, raceDetector)
	a := s.addAPI()
	s.startWorker()
	want := sized(50, 2)
	f, following := &followers{}, s.within(10*time.Minute)
	learners := s.crew(sized(7, 1))
	seen := map[string]bool{}
	s.model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind != llmtest.Lesson || !s.first(seen, r.Title) || s.draw(sized(8, 1<<30)) == 0 {
			return nil
		}
		return []llmtest.Fault{llmtest.Stall()}
	})
	for i := range sized(20, 1) {
		l := learners[i%len(learners)]
		made := l.call("POST", "/v1/courses/generate", object{"topic": fmt.Sprintf("How tides work, part %d", i)}, 202)
		s.join(following, f, &follower{learner: l, base: a.base, task: s.accept(made)})
	}
	hit, kills := 0, 0
	for hit < want {
		at := 1 + s.draw(sized(6, 2))
		stalled := s.awaitStalled(at)
		if stalled == 0 {
			break
		}
		kill(t, s.worker)
		hit, kills = hit+stalled, kills+1
		require.NoError(t, s.model.Wait(t.Context(), func(st llmtest.State) bool { return st.Stalled == 0 }))
		s.startWorker()
	}
	require.GreaterOrEqual(t, hit, want)
	s.model.Heal()
	s.model.Release()
	s.requireAllEvents(f)
	s.requireSound()
	t.Logf("killed %d workers in %d lessons", kills, hit)
	require.Zero(t, s.count("tasks WHERE state <> 'DONE'"))
	lessons := s.count("lessons")
	again := s.model.Count(llmtest.Lesson) - lessons
	require.LessOrEqual(t, again, 8*kills, "only what was being written is asked for again")
}

// first reports whether a text occurs for the first time.
func (s *faultEnv) first(seen map[string]bool, text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was := seen[text]
	seen[text] = true
	return !was
}

// awaitStalled waits until so many lessons are stalled, or fewer while nothing else happens,
// and returns their number: 0 once every task has ended.
func (s *faultEnv) awaitStalled(n int) (stalled int) {
	s.t.Helper()
	for began := time.Now(); ; {
		ctx, cancel := context.WithTimeout(s.t.Context(), 10*time.Second)
		_ = s.model.Wait(ctx, func(st llmtest.State) bool { return st.Stalled >= n }) // fewer are enough
		cancel()
		stalled = s.model.State().Stalled
		if stalled > 0 || s.count("tasks WHERE state <> 'DONE'") == 0 {
			return stalled
		}
		require.Less(s.t, time.Since(began), patience, "tasks go on, and no lesson is asked for")
	}
}
