package api

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// tasks registers the routes of tasks, except sockets.
func (s *Server) tasks() {
	tags := []string{"tasks"}
	rest.Register(s.API, huma.Operation{
		OperationID: "get-task", Method: http.MethodGet, Path: "/v1/tasks/{id}/status", Tags: tags,
		Summary:     "Get a task's status",
		Description: "With wait, answers as soon as there is an event after since, or when the time is over.",
	}, s.getTask, rest.Within(longestWait+5*time.Second))
	rest.Register(s.API, huma.Operation{
		OperationID: "list-tasks", Method: http.MethodGet, Path: "/v1/tasks", Tags: tags,
		Summary:     "List your tasks",
		Description: "Newest first.",
	}, s.listTasks)
	rest.Register(s.API, huma.Operation{
		OperationID: "cancel-task", Method: http.MethodPost, Path: "/v1/tasks/{id}/cancel", Tags: tags,
		Summary:     "Cancel a task",
		Description: "Waits up to three seconds for the task to end. Finished lessons of its course stay. 409: the task has ended already.",
		Errors:      []int{http.StatusConflict},
	}, s.cancelTask)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-task", Method: http.MethodDelete, Path: "/v1/tasks/{id}", Tags: tags,
		Summary:       "Delete a task",
		Description:   "Cancels it like POST /v1/tasks/{id}/cancel, without waiting for its end; the task stays in the list. 409: the task has ended already.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, s.deleteTask)
	rest.Register(s.API, outlineOperation(), s.decideOutline)
}

// TaskID is the task id in the path.
type TaskID struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

type getTaskInput struct {
	TaskID
	Wait  string `query:"wait" maxLength:"20" doc:"Wait up to this long, at most 30s, for an event newer than since. Seconds, or a duration such as 25s."`
	Since int64  `query:"since" minimum:"-1" default:"-1" doc:"The last seq the client has; absent: the present one."`
}

type taskOutput struct {
	Body taskView
}

// longestWait is the maximum duration of a long poll.
const longestWait = 30 * time.Second

func (s *Server) getTask(ctx context.Context, in *getTaskInput) (*taskOutput, error) {
	wait, err := parseWait(in.Wait)
	if err != nil {
		return nil, err
	}
	task, err := tasks.FindTask(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID)
	if err != nil || task.State.Ended() {
		return &taskOutput{s.viewTask(task)}, err
	}
	if event, ok := s.news(ctx, task, wait, in.Since); ok && event.Seq > task.Seq {
		task.Advance(event)
	}
	return &taskOutput{s.viewTask(task)}, nil
}

// news returns the latest event of an open task. With wait, it waits for an event after since.
func (s *Server) news(ctx context.Context, task tasks.Task, wait time.Duration, since int64) (tasks.TaskEvent, bool) {
	latest, ok := s.Hub.Latest(ctx, task.ID)
	if wait == 0 {
		return latest, ok
	}
	if since < 0 {
		since = max(task.Seq, latest.Seq)
	}
	waiting, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	if event, came := s.Hub.After(waiting, task.ID, since); came {
		return event, true
	}
	return latest, ok
}

func parseWait(value string) (time.Duration, error) {
	if value == "" {
		return 0, nil
	}
	wait, err := time.ParseDuration(value)
	if seconds, errNumber := strconv.Atoi(value); errNumber == nil {
		wait, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || wait < 0 {
		return 0, store.BadField("query", "wait", "must be a duration such as 25s")
	}
	return min(wait, longestWait), nil
}

type listTasksInput struct {
	TaskScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// TaskScope holds the filters that a cursor of the list is bound to.
type TaskScope struct {
	State    string `query:"state" set:"task_state"`
	TaskType string `query:"task_type" maxLength:"50"`
}

// listTasks answers from the rows, which follow their workflows closely.
func (s *Server) listTasks(ctx context.Context, in *listTasksInput) (*rest.Page[taskView], error) {
	user := rest.PrincipalOf(ctx).UserID
	scope := []any{user, in.TaskScope}
	return rest.List[tasks.Task, taskView]{
		Name: "tasks", Filter: scope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]tasks.Task, error) {
			return tasks.ListTasks(ctx, s.DB, user, tasks.TaskFilter{
				State: tasks.TaskState(in.State), TaskType: in.TaskType, After: after, Offset: in.Skip(), Limit: limit,
			})
		},
		Keyset: func(t tasks.Task) store.Keyset { return store.Keyset{At: t.CreatedAt, ID: t.ID} },
		Show:   s.viewTask,
	}.Page(ctx, s.API)
}

// cancelWait is how long the answer to a cancel waits for the task's end, so that most clients see it
// at once.
const cancelWait = 3 * time.Second

func (s *Server) cancelTask(ctx context.Context, in *TaskID) (*taskOutput, error) {
	task, err := s.cancel(ctx, in.ID)
	if err != nil || task.State.Ended() {
		return &taskOutput{s.viewTask(task)}, err
	}
	waiting, stop := context.WithTimeout(ctx, cancelWait)
	defer stop()
	for !task.State.Ended() {
		event, came := s.Hub.After(waiting, task.ID, task.Seq)
		if !came {
			break
		}
		task.Advance(event)
	}
	return &taskOutput{s.viewTask(task)}, nil
}

func (s *Server) deleteTask(ctx context.Context, in *TaskID) (*struct{}, error) {
	_, err := s.cancel(ctx, in.ID)
	return nil, err
}

// cancel commits the request and passes it to the workflow. The row has the result.
func (s *Server) cancel(ctx context.Context, id uuid.UUID) (tasks.Task, error) {
	user := rest.PrincipalOf(ctx).UserID
	task, err := tasks.FindTask(ctx, s.DB, user, id)
	if err != nil {
		return task, err
	}
	message := outbox.Cancel(task, s.Now())
	if err := courses.CancelTask(ctx, s.DB, user, id, message, s.Now()); err != nil {
		return task, err
	}
	s.Dispatcher.TryDispatch(ctx, message)
	return tasks.FindTask(ctx, s.DB, user, id)
}
