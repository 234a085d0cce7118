package e2e_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// TestTheCommandLine runs an operator's commands: a course is written, tasks are
// listed, shown, cancelled, retried and watched.
func TestTheCommandLine(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	_, _, err := s.operate("migrate")
	require.NoError(t, err)
	s.startWorker()

	out, errs, err := s.operate("generate", "How", "tides", "work")
	require.NoError(t, err, errs)
	require.Contains(t, out, "# ")
	require.Contains(t, out, "## 1. ")
	require.Contains(t, out, "## Answers")
	require.Contains(t, errs, "100%", "without a terminal progress comes as lines")

	var tasks []struct {
		ID    string `json:"id"`
		State string `json:"state"`
	}
	out, _, err = s.operate("task", "list", "--user", "operator@localhost", "--json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal([]byte(out), &tasks))
	require.Len(t, tasks, 1)
	require.Equal(t, "DONE", tasks[0].State)
	out, _, err = s.operate("task", "show", tasks[0].ID)
	require.NoError(t, err)
	require.Contains(t, out, "generate-course/"+tasks[0].ID)
	out, _, err = s.operate("task", "watch", tasks[0].ID, "--json")
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Contains(t, lines[len(lines)-1], `"state":"DONE"`)
	_, errs, err = s.operate("task", "cancel", tasks[0].ID)
	require.Error(t, err)
	require.Contains(t, errs, "already finished")

	s.model.On(llmtest.Lesson, s.model.Count(llmtest.Lesson)+2, llmtest.Stall())
	watched := make(chan error, 1)
	go func() {
		_, _, err := s.operate("generate", "Volcanoes", "--json")
		watched <- err
	}()
	require.NoError(t, s.model.WaitStalled(t.Context(), 1))
	out, _, err = s.operate("task", "list", "--state", "running")
	require.NoError(t, err)
	id := strings.Fields(strings.Split(out, "\n")[1])[0]
	out, errs, err = s.operate("task", "cancel", id)
	require.NoError(t, err, errs)
	require.Contains(t, out, "is cancelled")
	require.Error(t, <-watched, "who waits for it learns that it failed")

	out, errs, err = s.operate("task", "retry", id)
	require.NoError(t, err, errs)
	require.Contains(t, out, "goes on with")
	_, errs, err = s.operate("task", "retry", tasks[0].ID)
	require.Error(t, err)
	require.Contains(t, errs, "has not failed")
}
