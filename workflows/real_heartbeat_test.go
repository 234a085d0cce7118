package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// TestActivitiesOfTwoConversationsDoNotCancelThemselves writes courses with a model whose
// conversations end while the SDK throttles a heartbeat: practice and its solve take 2.5 s
// each, a heartbeat comes every second and is sent every 3.5 s at most. That of second 2 is
// sent at 4.5, when its conversation has ended and the other one goes on.
func TestActivitiesOfTwoConversationsDoNotCancelThemselves(t *testing.T) {
	t.Parallel()
	c, db, model := temporalServer(t), storetest.New(t), llmtest.New(t)
	t.Cleanup(startWorkerWith(t, c, db, model, slots{at: 12, throttle: 3500 * time.Millisecond}))
	model.On(llmtest.Practice, 0, llmtest.Last(2500*time.Millisecond))
	model.On(llmtest.Solve, 0, llmtest.Last(2500*time.Millisecond))
	ctx, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	model.Script(func(r llmtest.Request) []llmtest.Fault {
		if r.Nth > 4*5 { // more than four courses need
			giveUp()
		}
		return nil
	})
	var rows []tasks.Task
	for range 4 {
		task, message := ask(t, db)
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
		rows = append(rows, task)
	}
	lessons := 0
	for _, task := range rows {
		require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(ctx, nil), "%d practices and %d solves", model.Count(llmtest.Practice), model.Count(llmtest.Solve))
		row, course := finished(t, db, task)
		require.Equal(t, tasks.TaskDone, row.State, row.Fault)
		lessons += len(course.Lessons)
	}
	require.Equal(t, lessons, model.Count(llmtest.Practice), "a conversation ran again: its activity had cancelled itself")
	require.Equal(t, lessons, model.Count(llmtest.Solve))
}
