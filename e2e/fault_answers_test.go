package e2e_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// slots is how many answers the model of these cases writes at once.
const slots = 2

// newSlowModel has five learners ask for a course each, of a model that takes its time. The practice of
// one lesson in each needs a repair.
func newSlowModel(t *testing.T) *faultEnv {
	t.Helper()
	s := newFaultEnv(t, []string{fmt.Sprintf("LYO_GEMMA_PARALLEL=%d", slots)})
	s.addAPI()
	s.startWorker()
	answer := llmtest.Last(sized(8*time.Second, 400*time.Millisecond))
	s.model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Kind == llmtest.Practice && !r.Repair && strings.HasPrefix(r.Title, "How") {
			return []llmtest.Fault{llmtest.BrokenJSON(), answer}
		}
		return []llmtest.Fault{answer}
	})
	for i, l := range s.crew(5) {
		s.accept(l.call("POST", "/v1/courses/generate", object{"topic": fmt.Sprintf("How tides work, part %d", i)}, 202))
	}
	return s
}

// question identifies the first so many turns of a request.
func question(t *testing.T, r llmtest.Request, turns int) string {
	t.Helper()
	text, err := json.Marshal([]any{r.Messages[:turns], r.Schema})
	require.NoError(t, err)
	return string(text)
}

// requireWritten waits until all courses are written. It returns how often each question was asked, and the
// requests that asked one again.
func (s *faultEnv) requireWritten() (asked map[string]int, again []llmtest.Request) {
	s.t.Helper()
	require.Eventually(s.t, func() bool { return s.count("tasks WHERE completed_at IS NULL") == 0 }, 20*time.Minute, time.Second)
	require.Zero(s.t, s.count("tasks WHERE state <> 'DONE'"))
	asked = map[string]int{}
	for _, r := range s.model.Requests() {
		q := question(s.t, r, len(r.Messages))
		if asked[q]++; asked[q] > 1 {
			again = append(again, r)
			s.t.Logf("asked again: %s of %q, repair: %t", r.Kind, r.Title, r.Repair)
		}
	}
	require.LessOrEqual(s.t, s.model.State().MaxOpen, slots)
	require.NotZero(s.t, s.model.State().Repairs)
	require.Zero(s.t, s.count("model_answers"), "answers are kept until what they are for is saved")
	s.requireSound()
	return asked, again
}

// TestFaultASlowModelIsAskedOnce has five courses share two slots.
func TestFaultASlowModelIsAskedOnce(t *testing.T) {
	t.Parallel()
	s := newSlowModel(t)
	asked, again := s.requireWritten()
	t.Logf("%d questions, %d requests more", len(asked), len(again))
	require.Empty(t, again)
}

// TestFaultAWorkerDiesWithASlowModel kills the worker once, in the middle of a repair: what was being answered
// is asked again, and nothing else.
func TestFaultAWorkerDiesWithASlowModel(t *testing.T) {
	t.Parallel()
	s := newSlowModel(t)
	nth := 1 + s.draw(5)
	require.NoError(t, s.model.Wait(t.Context(), func(st llmtest.State) bool { return st.Repairs >= nth }))
	kill(t, s.worker)
	require.NoError(t, s.model.Wait(t.Context(), func(st llmtest.State) bool { return st.Open == 0 }))
	cut := s.model.State().Closed
	s.startWorker()
	asked, again := s.requireWritten()
	t.Logf("killed in repair %d, %d answers were cut short: %d questions, %d requests more", nth, cut, len(asked), len(again))
	require.LessOrEqual(t, len(again), slots)
	repair := slices.IndexFunc(again, func(r llmtest.Request) bool { return r.Repair })
	require.GreaterOrEqual(t, repair, 0, "the repair is asked for again")
	require.Equal(t, 1, asked[question(t, again[repair], 1)], "what it repairs is not")
}
