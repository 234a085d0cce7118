package e2e_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// laterBy is how much later a course may start while awards are being made; more in the short form, which runs beside
// everything else.
func laterBy() time.Duration { return sized(200*time.Millisecond, 2*time.Second) }

// TestFaultAwardsHoldUpNoCourse has awards made without a pause while courses are asked for: by a newcomer, and by a
// learner who gets every fourth award. They start as on an idle system, give or take what idle times differ by. It measures,
// so that nothing runs beside its full form.
func TestFaultAwardsHoldUpNoCourse(t *testing.T) {
	if !*full {
		t.Parallel()
	}
	s := newFaultEnv(t, nil)
	s.addAPI()
	s.startWorker()
	boss, crew := s.administrator(), s.crew(8)
	s.startOf(crew[7]) // to be warm
	var idle times
	for _, l := range crew[2:7] {
		idle = append(idle, s.startOf(l))
	}
	within := idle.at(1) + laterBy()
	t.Logf("nothing else to do: a course starts after %v", idle)
	for try := 1; ; try++ { // what else the machine does only adds to it
		newcomer := s.apis[0].register(t, fmt.Sprintf("newcomer%d@example.com", try))
		after, made := s.startsBesideAwards(boss, crew, newcomer, crew[1])
		t.Logf("beside %d awards: after %v and %v", made, after[0], after[1])
		if slices.Max(after) < within {
			break
		}
		require.Less(t, try, 3, "a course starts later than %v", within)
		s.awaitQuiet(s.db)
	}
	s.requireSound()
}

// startsBesideAwards returns how long courses of learners took to start that were asked for while awards were made, of
// which the last learner gets every fourth, and how many these were. They go on until all courses have started.
func (s *faultEnv) startsBesideAwards(boss *learner, crew []*learner, learners ...*learner) (after []time.Duration, made int64) {
	s.t.Helper()
	most := int64(sized(2000, 300))
	var sent, answered atomic.Int64
	var started atomic.Bool
	var giving, starting sync.WaitGroup
	for range 16 {
		giving.Go(func() {
			for n := sent.Add(1); n <= most || !started.Load(); n = sent.Add(1) {
				to := crew[2+n%5]
				if n%4 == 0 {
					to = learners[len(learners)-1]
				}
				got := boss.try(s.t.Context(), http.MethodPost, "/v1/gamification/award-points", object{"user_id": to.id, "points": 30, "reason": "a good day"})
				if got.status != http.StatusOK {
					s.t.Errorf("an award: %d %v %s", got.status, got.err, got.text)
					return
				}
				answered.Add(1)
			}
		})
	}
	require.Eventually(s.t, func() bool { return answered.Load() >= most/5 }, patience, time.Millisecond)
	after = make([]time.Duration, len(learners))
	for i, l := range learners {
		starting.Go(func() { after[i] = s.startOf(l) })
	}
	starting.Wait()
	started.Store(true)
	giving.Wait()
	return after, answered.Load()
}

// startOf asks for a course and returns how long its work took to begin, by the clock of the rows, once it is written.
func (s *faultEnv) startOf(l *learner) (took time.Duration) {
	task, _ := l.generate("How tides work")
	l.await(task)
	var seconds float64
	if err := s.db.Raw("SELECT extract(epoch FROM started_at - created_at)::float8 FROM tasks WHERE id = ?", task).Scan(&seconds).Error; err != nil {
		s.t.Error(err)
	}
	return time.Duration(seconds * float64(time.Second)).Round(time.Millisecond)
}
