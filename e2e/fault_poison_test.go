package e2e_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// TestFaultAPoisonKillsItsWorker has a course end the worker each time its plan is asked for, while
// others' courses are written: it is given up, in words, and theirs are finished.
func TestFaultAPoisonKillsItsWorker(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil)
	s.addAPI()
	s.startWorker()
	const poison = "How poison is brewed for moths"
	struck := make(chan struct{}, 100)
	s.model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Topic == poison {
			struck <- struct{}{}
			return []llmtest.Fault{llmtest.StallAtOnce()}
		}
		return []llmtest.Fault{llmtest.Last(s.drawTime(0, sized(8*time.Second, 2*time.Second)))}
	})
	learners := s.crew(sized(8, 3))
	bad, _ := learners[0].generate(poison)
	var good []string
	for _, l := range learners[1:] {
		for range sized(3, 1) {
			task, _ := l.generate("How tides work")
			good = append(good, task)
		}
	}
	ended := make(chan object, 1)
	go func() { ended <- learners[0].await(bad) }()
	kills := 0
	var end object
	for end == nil {
		select {
		case <-struck:
			kill(t, s.worker)
			kills++
			s.startWorker()
		case end = <-ended:
		}
	}
	t.Logf("%d workers were killed before it was given up: %v", kills, end)
	require.Equal(t, "ERROR", end["state"])
	require.Equal(t, "worker_lost", end["error_details"].(object)["code"])
	require.LessOrEqual(t, kills, 4)
	for i, task := range good {
		require.Equal(t, "DONE", learners[1+i/sized(3, 1)].await(task)["state"], "somebody else's course went with it")
	}
	s.requireSound()
}
