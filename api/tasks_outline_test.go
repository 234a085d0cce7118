package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/payload"
)

// deciding is a fake Temporal whose workflows answer decisions as set.
type deciding struct {
	client.Client

	mu      sync.Mutex
	refused error // at once
	failed  error // when the outcome is read
	got     []client.UpdateWorkflowOptions
}

// UpdateWorkflow converts the arguments as the real client does.
func (d *deciding) UpdateWorkflow(_ context.Context, o client.UpdateWorkflowOptions) (client.WorkflowUpdateHandle, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refused != nil {
		return nil, d.refused
	}
	if _, err := payload.Converter(nil).ToPayloads(o.Args...); err != nil {
		return nil, err
	}
	d.got = append(d.got, o)
	return outcome{err: d.failed}, nil
}

func (d *deciding) answer(refused, failed error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.refused, d.failed, d.got = refused, failed, nil
}

type outcome struct {
	client.WorkflowUpdateHandle

	err error
}

func (o outcome) Get(context.Context, any) error { return o.err }

// inReview returns a test environment with a task whose outline is pending review.
func inReview(t *testing.T) (*testEnv, *deciding, person, uuid.UUID) {
	t.Helper()
	w, engine := newEnvWithoutTemporal(t), &deciding{}
	w.server.Temporal = engine
	w.server.Config.Course.ReviewFor = 48 * 3600e9
	ada := w.signUp("ada@example.com")
	a := w.do("POST", "/v1/courses/generate", `{"topic":"Tides","mode":"review"}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	return w, engine, ada, uuid.MustParse(a.json(t)["task_id"].(string))
}

func (w *testEnv) decide(p person, task uuid.UUID, body string) answer {
	return w.do("POST", "/v1/tasks/"+task.String()+"/outline", body, p.header()...)
}

func TestADecisionReachesTheWorkflow(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	var message store.OutboxMessage
	require.NoError(t, w.server.DB.First(&message, "workflow = 'GenerateCourse'").Error)
	require.Contains(t, string(message.Input), `"review_for": 172800000000000`, "the plan will wait so long")

	edit := `{"action":"edit","title":" The sea ","lessons":[
		{"title":" Ebb ","summary":"Down.","objectives":["Tell ebb"],"estimated_duration_minutes":45},
		{"title":"Flood","prerequisites":["Ebb"]},{"title":"Storm","summary":null,"objectives":null}]}`
	plan := courses.EditedPlan{Title: "The sea", Lessons: []courses.EditedLesson{
		{Title: "Ebb", Summary: "Down.", Objectives: []string{"Tell ebb"}, Prerequisites: []string{}, Minutes: 45},
		{Title: "Flood", Objectives: []string{}, Prerequisites: []string{"Ebb"}, Minutes: 20},
		{Title: "Storm", Objectives: []string{}, Prerequisites: []string{}, Minutes: 20},
	}}
	for body, want := range map[string]workflows.OutlineDecision{
		`{"action":"accept"}`: {Action: "accept"},
		`{"action":"reject"}`: {Action: "reject"},
		`{"action":"accept","title":"Not for now","lessons":[]}`: {Action: "accept"},
		edit: {Action: "edit"},
	} {
		engine.answer(nil, nil)
		a := w.decide(ada, task, body)
		require.Equal(t, http.StatusOK, a.status, string(a.body))
		require.Equal(t, task.String(), a.json(t)["task_id"])
		require.Len(t, engine.got, 1, body)
		require.Equal(t, workflows.GenerateCourseID(task), engine.got[0].WorkflowID)
		update := workflows.UpdateOutline
		if body == edit {
			row := w.storedEdit(t, task)
			require.Equal(t, plan, row.Plan)
			update, want.PlanID = workflows.UpdateEditedOutline, row.ID
		}
		require.Equal(t, update, engine.got[0].UpdateName)
		require.Equal(t, client.WorkflowUpdateStageCompleted, engine.got[0].WaitForStage, "the answer waits until it is kept")
		require.Equal(t, []any{want}, engine.got[0].Args)
	}
}

// storedEdit returns the one edit of a task's plan that is stored.
func (w *testEnv) storedEdit(t *testing.T, task uuid.UUID) courses.PlanEdit {
	t.Helper()
	var rows []courses.PlanEdit
	require.NoError(t, w.server.DB.Find(&rows, "task_id = ?", task).Error)
	require.Len(t, rows, 1)
	return rows[0]
}

// TestAPlanAsLargeAsAllowedIsTaken sends the largest outline that the document allows, in characters of four bytes.
func TestAPlanAsLargeAsAllowedIsTaken(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	plan := fixture.LargestPlan()
	body := outlineBody{Action: workflows.OutlineEdit, Title: &plan.Title}
	for _, l := range plan.Lessons {
		body.Lessons = append(body.Lessons, outlineLesson{Title: l.Title, Summary: &l.Summary, Objectives: l.Objectives, Prerequisites: l.Prerequisites, Minutes: &l.Minutes})
	}
	text, err := json.Marshal(body)
	require.NoError(t, err)
	require.Greater(t, len(text), payload.Most, "it does not fit into a history")
	a := w.decide(ada, task, string(text))
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	row := w.storedEdit(t, task)
	require.Equal(t, plan, row.Plan)
	require.Equal(t, []any{workflows.OutlineDecision{Action: workflows.OutlineEdit, PlanID: row.ID}}, engine.got[0].Args)
}

// TestAnEditStaysOnlyWhileItMayBeTaken has the workflow refuse an edit for good, then for a while, and ends the task then.
func TestAnEditStaysOnlyWhileItMayBeTaken(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	edit := `{"action":"edit","lessons":[{"title":"A"},{"title":"B"},{"title":"C"}]}`
	engine.answer(temporal.NewNonRetryableApplicationError("No plan waits for a decision.", workflows.FailureNotInReview, nil), nil)
	w.problem(w.decide(ada, task, edit), rest.SlugConflict)
	var n int64
	require.NoError(t, w.server.DB.Model(&courses.PlanEdit{}).Count(&n).Error)
	require.Zero(t, n)
	engine.answer(nil, context.DeadlineExceeded)
	w.problem(w.decide(ada, task, edit), rest.SlugEngine)
	w.storedEdit(t, task)
	require.Equal(t, http.StatusOK, w.do("POST", "/v1/tasks/"+task.String()+"/cancel", "", ada.header()...).status)
	require.NoError(t, w.server.DB.Model(&courses.PlanEdit{}).Count(&n).Error)
	require.Zero(t, n)
	w.problem(w.decide(ada, task, edit), rest.SlugConflict)
}

func TestADecisionThatIsNotTaken(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	notNow := temporal.NewNonRetryableApplicationError("No plan waits for a decision.", workflows.FailureNotInReview, nil)
	broken := temporal.NewApplicationError("a secret of the database", "internal")
	for _, c := range []struct {
		name            string
		refused, failed error
		slug            string
	}{
		{"no plan waits", nil, notNow, rest.SlugConflict},
		{"refused at once", notNow, nil, rest.SlugConflict},
		{"over, or not begun", serviceerror.NewNotFound("workflow execution already completed"), nil, rest.SlugConflict},
		{"away", serviceerror.NewUnavailable("connection refused"), nil, rest.SlugEngine},
		{"late", nil, context.DeadlineExceeded, rest.SlugEngine},
		{"the course is gone", nil, temporal.NewNonRetryableApplicationError("There is no such course.", string(store.NotFound), nil), rest.SlugConflict},
		{"too large", temporal.NewNonRetryableApplicationError("a secret size", payload.TooLarge, nil), nil, rest.SlugValidation},
		{"could not be kept", nil, fmt.Errorf("update: %w", broken), rest.SlugEngine},
		{"anything else", errors.New("a secret of the engine"), nil, rest.SlugEngine},
	} {
		engine.answer(c.refused, c.failed)
		a := w.decide(ada, task, `{"action":"accept"}`)
		w.problem(a, c.slug)
		require.NotContains(t, string(a.body), "secret", c.name)
		require.Equal(t, c.slug == rest.SlugEngine, a.header.Get("Retry-After") != "", c.name)
	}
}

func TestADecisionThatBreaksARuleIsNotHandedOn(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	lessons := func(titles ...string) string {
		return `{"action":"edit","lessons":[{"title":"` + strings.Join(titles, `"},{"title":"`) + `"}]}`
	}
	thirteen := strings.Split("a,b,c,d,e,f,g,h,i,j,k,l,m", ",")
	for body, pointers := range map[string][]string{
		`{}`:                             {"/action"},
		`{"action":"edit","lessons":[]}`: {"/lessons"},
		lessons("A", "B"):                {"/lessons"},
		lessons(thirteen...):             {"/lessons"},
		lessons("A", "B", "a"):           {"/lessons/2/title"},
		lessons("A", "", " "):            {"/lessons/1/title", "/lessons/2/title"},
		lessons("A", `B\nC`, "D"):        {"/lessons/1/title"},
		lessons("A", "B", long(201)):     {"/lessons/2/title"},
		`{"action":"edit","title":"` + long(201) + `","lessons":[{"title":"A"},{"title":"B"},{"title":"C","estimated_duration_minutes":0}]}`: {"/title", "/lessons/2/estimated_duration_minutes"},
		`{"action":"edit","lessons":[{"title":"A"},{"title":"B","objectives":["` + long(301) + `"]},{"title":"C"}]}`:                         {"/lessons/1"},
	} {
		p := w.problem(w.decide(ada, task, body), rest.SlugValidation)
		require.ElementsMatch(t, pointers, pointersOf(p), body)
	}
	require.Empty(t, engine.got)
}

func TestWhoMayDecideOnAPlan(t *testing.T) {
	t.Parallel()
	w, engine, ada, task := inReview(t)
	eve := w.signUp("eve@example.com")
	w.problem(w.decide(eve, task, `{"action":"reject"}`), rest.SlugNotFound)
	w.problem(w.decide(ada, uuid.New(), `{"action":"reject"}`), rest.SlugNotFound)
	w.problem(w.do("POST", "/v1/tasks/"+task.String()+"/outline", `{"action":"reject"}`), rest.SlugAuth)

	done, course := w.ask(ada, "Moons")
	w.problem(w.decide(ada, done, `{"action":"accept"}`), rest.SlugConflict)
	w.finish(done, course)
	w.problem(w.decide(ada, done, `{"action":"accept"}`), rest.SlugConflict)
	again := w.do("POST", "/v1/courses/"+course.String()+"/regenerate", `{"section":"lessons"}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, again.status)
	w.problem(w.decide(ada, uuid.MustParse(again.json(t)["task_id"].(string)), `{"action":"accept"}`), rest.SlugConflict)
	require.Empty(t, engine.got)
}
