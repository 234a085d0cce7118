package api

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/api/rest"
)

func (n *reference) taskSteps() map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){"look at a task": n.lookAtTask, "list tasks": n.listTasks, "cancel a task": n.cancel}
}

func (n *reference) anyTask(rt *rapid.T) *refTask {
	if len(n.tasks) == 0 {
		rt.Skip("there is no task")
	}
	return rapid.SampledFrom(n.tasks).Draw(rt, "task")
}

func (n *reference) lookAtTask(rt *rapid.T) {
	p, s := n.anySession(rt)
	task := n.anyTask(rt)
	path := rapid.SampledFrom([]string{"", "/status"}).Draw(rt, "spelling")
	a := n.as(s, "GET", "/v1/tasks/"+task.id.String()+path, "")
	if task.owner != p {
		n.w.problem(a, rest.SlugNotFound)
		return
	}
	require.Equal(rt, http.StatusOK, a.status, string(a.body))
	v := a.json(n.w.t)
	require.Equal(rt, []any{task.state, task.makes.id.String()}, []any{v["state"], v["provisional_course_id"]})
	require.Equal(rt, task.state == "DONE" || task.state == "ERROR", v["completed_at"] != nil)
	require.Equal(rt, task.state == "DONE", v["result_id"] != nil)
}

func (n *reference) listTasks(rt *rapid.T) {
	p, s := n.anySession(rt)
	state := rapid.SampledFrom([]string{"", "QUEUED", "DONE", "ERROR"}).Draw(rt, "state")
	var want []string
	for _, task := range slices.Backward(n.tasks) {
		if task.owner == p && (state == "" || task.state == state) {
			want = append(want, task.id.String())
		}
	}
	path := fmt.Sprintf("/v1/tasks?limit=%d", rapid.IntRange(2, 6).Draw(rt, "limit"))
	if state != "" {
		path += "&state=" + state
	}
	require.Equal(rt, want, n.pages(rt, s, path, "task_id"))
}

// cancel cancels a task, which ends at once, since none has been started.
func (n *reference) cancel(rt *rapid.T) {
	p, s := n.anySession(rt)
	task := n.anyTask(rt)
	a := n.as(s, "POST", "/v1/tasks/"+task.id.String()+"/cancel", "")
	switch {
	case task.owner != p:
		n.w.problem(a, rest.SlugNotFound)
	case task.state != "QUEUED":
		n.w.problem(a, rest.SlugConflict)
	default:
		require.Equal(rt, http.StatusOK, a.status, string(a.body))
		require.Equal(rt, "cancelled", a.json(n.w.t)["status"])
		task.state = "ERROR"
		task.makes.status = "ERROR"
	}
}
