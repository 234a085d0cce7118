package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// newBusyStand returns two API processes and a worker, a slow model, and learners.
func newBusyStand(t *testing.T, own ...part) (*faultEnv, []*learner) {
	t.Helper()
	s := newFaultEnv(t, nil, own...)
	one, two := s.addAPI(), s.addAPI()
	s.startWorker()
	learners := s.crew(sized(8, 2))
	for i, l := range learners {
		if i%2 == 1 {
			*l = *l.at(two)
		}
	}
	require.NotEqual(t, one.base, two.base)
	s.model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Delay(s.drawTime(0, 3*time.Millisecond))}
	})
	return s, learners
}

// TestFaultTemporalStops stops Temporal while learners are at work.
func TestFaultTemporalStops(t *testing.T) {
	t.Parallel()
	s, learners := newBusyStand(t)
	f := s.watched(learners, sized(3, 1), s.apis[0].base, s.apis[1].base)
	w := s.work(learners)
	s.endure(sized(2*time.Second, time.Second))
	port := s.temporal.Port()
	require.NoError(t, s.temporal.Stop(t.Context()))
	s.endure(sized(30*time.Second, 2*time.Second))
	s.startTemporal(port)
	s.endure(sized(2*time.Second, time.Second))
	w.endWork()
	s.requireAllEvents(f)
	s.requireSound()
}

// TestFaultPostgresStops crashes the database while learners are at work.
func TestFaultPostgresStops(t *testing.T) {
	t.Parallel()
	s, learners := newBusyStand(t, ownPostgres)
	f := s.watched(learners, sized(3, 1), s.apis[0].base, s.apis[1].base)
	w := s.work(learners)
	s.endure(sized(2*time.Second, time.Second))
	s.crashPostgres()
	s.endure(sized(20*time.Second, time.Second))
	s.startPostgresAgain()
	s.endure(sized(2*time.Second, time.Second))
	w.endWork()
	s.requireAllEvents(f)
	s.requireSound()
}

// endure waits: a case is about the duration of a fault.
func (s *faultEnv) endure(d time.Duration) {
	s.t.Helper()
	select {
	case <-time.After(d):
	case <-s.t.Context().Done():
	}
}
