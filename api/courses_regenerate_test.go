package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func (w *testEnv) regenerate(p person, course uuid.UUID, body string, headers ...string) answer {
	return w.do("POST", "/v1/courses/"+course.String()+"/regenerate", body, append(p.header(), headers...)...)
}

func TestRegenerateIsTakenAsATask(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	task, course := w.ask(ada, "How tides work")
	w.problem(w.regenerate(ada, course, `{"section":"lessons"}`), rest.SlugConflict)
	w.finish(task, course)

	a := w.regenerate(ada, course, `{"section":"lessons","preferences":{"format":"short"}}`, "Idempotency-Key", "k")
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	v := a.json(t)
	require.Equal(t, course.String(), v["provisional_course_id"])
	require.NotEqual(t, task.String(), v["task_id"])
	require.NotEmpty(t, a.header.Get("Location"))
	again := w.regenerate(ada, course, `{"section":"lessons","preferences":{"format":"short"}}`, "Idempotency-Key", "k")
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.Equal(t, v["task_id"], again.json(t)["task_id"])
	w.problem(w.regenerate(ada, course, `{"section":"summary"}`, "Idempotency-Key", "k"), rest.SlugReusedKey)
	w.problem(w.regenerate(ada, course, `{"section":"summary"}`), rest.SlugConflict)

	status := w.do("GET", "/v1/tasks/"+v["task_id"].(string), "", ada.header()...).json(t)
	require.Equal(t, "course_regeneration", status["task_type"])
	require.Equal(t, "QUEUED", status["state"])
	read := w.do("GET", "/v1/courses/"+course.String(), "", ada.header()...).json(t)
	require.Equal(t, "READY", read["status"], "what is published stays published")
	require.NotEmpty(t, read["lessons"].([]any)[0].(map[string]any)["content"])

	var message store.OutboxMessage
	require.NoError(t, w.server.DB.First(&message, "workflow = 'RegenerateCourse'").Error)
	require.Contains(t, string(message.Input), `"section": "lessons"`)
}

func TestRegenerateRefuses(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	task, course := w.ask(ada, "How tides work")
	w.problem(w.regenerate(eve, course, `{"section":"lessons"}`), rest.SlugNotFound)
	w.finish(task, course)
	w.problem(w.regenerate(eve, course, `{"section":"lessons"}`), rest.SlugDenied)
	for body, pointer := range map[string]string{
		`{"section":"everything"}`:            "/section",
		`{}`:                                  "/section",
		`{"section":"lessons","lesson_id":3}`: "/lesson_id",
		`{"section":"lessons","lesson_id":"first"}`:                     "/lesson_id",
		fmt.Sprintf(`{"section":"lessons","lesson_id":%q}`, uuid.New()): "/lesson_id",
		fmt.Sprintf(`{"section":"summary","lesson_id":%q}`, uuid.New()): "/lesson_id",
		`{"section":"lessons","preferences":{"format":3}}`:              "/preferences/format",
	} {
		require.Contains(t, pointersOf(w.problem(w.regenerate(ada, course, body), rest.SlugValidation)), pointer, body)
	}
	failed, empty := w.ask(ada, "Nothing came of it")
	w.do("POST", "/v1/tasks/"+failed.String()+"/cancel", "", ada.header()...)
	w.problem(w.regenerate(ada, empty, `{"section":"content_items"}`), rest.SlugConflict)
	require.Equal(t, http.StatusAccepted, w.regenerate(ada, empty, `{"section":"lessons"}`).status, "which mends it")
	require.Equal(t, "GENERATING", w.do("GET", "/v1/courses/"+empty.String(), "", ada.header()...).json(t)["status"])
}

func TestTheThirdCourseWaitsInLine(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Course.AtOnce = 2
	ada := w.signUp("ada@example.com")
	var tasks []uuid.UUID
	for i := range 3 {
		task, _ := w.ask(ada, fmt.Sprint("Course number ", i))
		tasks = append(tasks, task)
	}
	waiting := w.do("GET", "/v1/tasks/"+tasks[2].String(), "", ada.header()...).json(t)
	require.Equal(t, "QUEUED", waiting["state"])
	require.Equal(t, courses.MessageWaiting, waiting["message"])
	use := w.do("GET", "/v1/users/me/usage", "", ada.header()...).json(t)
	require.EqualValues(t, 2, use["running"])
	require.EqualValues(t, 1, use["waiting"])
	require.Equal(t, http.StatusOK, w.do("POST", "/v1/tasks/"+tasks[0].String()+"/cancel", "", ada.header()...).status)
	use = w.do("GET", "/v1/users/me/usage", "", ada.header()...).json(t)
	require.EqualValues(t, 2, use["running"])
	require.EqualValues(t, 0, use["waiting"])
}

func TestTheDaysTokensAreCounted(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Course.DailyTokens, w.server.Config.Gemma.BaseURL = 60_000, "http://model.test/v1"
	ada := w.signUp("ada@example.com")
	use := w.do("GET", "/v1/users/me/usage", "", ada.header()...).json(t)
	require.EqualValues(t, 60_000, use["remaining_tokens"])
	require.Equal(t, "2026-11-02T00:00:00Z", use["resets_at"])
	first := w.do("POST", "/v1/courses/generate", `{"topic":"Tides"}`, append(ada.header(), "Idempotency-Key", "one")...)
	require.Equal(t, http.StatusAccepted, first.status)
	call := courses.ModelCall{
		ID: store.NewID(), UserID: uuid.MustParse(ada.id), CourseID: store.NewID(), Kind: "lesson", Calls: 2,
		InputTokens: 9_000, OutputTokens: 1_000, Seconds: 1.5, At: w.clock.now(),
	}
	require.NoError(t, courses.SaveModelCall(context.Background(), w.server.DB, call))
	refused := w.do("POST", "/v1/courses/generate", `{"topic":"Ebb"}`, ada.header()...)
	p := w.problem(refused, rest.SlugRateLimited)
	midnight := w.clock.now().Truncate(24 * time.Hour).Add(24 * time.Hour)
	require.InDelta(t, midnight.Sub(w.clock.now()).Seconds(), p["retry_after"], 1)
	again := w.do("POST", "/v1/courses/generate", `{"topic":"Tides"}`, append(ada.header(), "Idempotency-Key", "one")...)
	require.Equal(t, http.StatusAccepted, again.status, "a replay spends nothing")
	use = w.do("GET", "/v1/users/me/usage", "", ada.header()...).json(t)
	require.EqualValues(t, 50_000, use["remaining_tokens"])
	today := use["today"].(map[string]any)
	require.EqualValues(t, 2, today["calls"])
	require.EqualValues(t, 1_000, today["output_tokens"])
	require.Len(t, use["days"], 1)
}

func TestGenerateTakesOnesOwnMaterialOnly(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	source := w.do("POST", "/v1/sources", `{"text":"The moon pulls.","title":"Notes"}`, ada.header()...).json(t)["id"].(string)
	body := fmt.Sprintf(`{"topic":"Tides","source_ids":[%q,%q]}`, source, source)
	require.Equal(t, []string{"/source_ids/0"}, pointersOf(w.problem(w.do("POST", "/v1/courses/generate", body, eve.header()...), rest.SlugValidation)))
	require.Equal(t, http.StatusAccepted, w.do("POST", "/v1/courses/generate", body, ada.header()...).status, "named twice is once")
	fault := tasks.TaskFault{Code: "no_text", Message: "Nothing in it."}
	require.NoError(t, courses.FailSource(context.Background(), w.server.DB, uuid.MustParse(source), fault, w.clock.now()))
	w.problem(w.do("POST", "/v1/courses/generate", body, ada.header()...), rest.SlugValidation)
	require.Equal(t, []string{"/mode"}, pointersOf(w.problem(w.do("POST", "/v1/courses/generate", `{"topic":"Tides","mode":"guess"}`, ada.header()...), rest.SlugValidation)))
}

func TestAPlanIsDecidedOnByItsOwnerWhileItWaits(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	plain, _ := w.ask(ada, "No review wanted")
	a := w.do("POST", "/v1/courses/generate", `{"topic":"Tides","mode":"review"}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, a.status)
	task := a.json(t)["task_id"].(string)
	decide := func(p person, task, body string) answer {
		return w.do("POST", "/v1/tasks/"+task+"/outline", body, p.header()...)
	}
	w.problem(decide(eve, task, `{"action":"accept"}`), rest.SlugNotFound)
	w.problem(decide(ada, plain.String(), `{"action":"accept"}`), rest.SlugConflict)
	w.problem(decide(ada, task, `{"action":"accept"}`), rest.SlugEngine)
	for body, pointer := range map[string]string{
		`{"action":"maybe"}`: "/action",
		`{"action":"edit"}`:  "/lessons",
		`{"action":"edit","lessons":[{"title":"A"},{"title":"a "},{"title":"C"}]}`: "/lessons/1/title",
		`{"action":"edit","lessons":[{"title":"A"},{"title":" "},{"title":"C"}]}`:  "/lessons/1/title",
	} {
		require.Contains(t, pointersOf(w.problem(decide(ada, task, body), rest.SlugValidation)), pointer, body)
	}
	w.do("POST", "/v1/tasks/"+task+"/cancel", "", ada.header()...)
	w.problem(decide(ada, task, `{"action":"accept"}`), rest.SlugConflict)
}

func TestRegenerationsAreTasksLikeOthers(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	task, course := w.ask(ada, "How tides work")
	w.finish(task, course)
	list := func(p person, kind string) (ids []string) {
		var views []map[string]any
		require.NoError(t, json.Unmarshal(w.do("GET", "/v1/tasks?task_type="+kind, "", p.header()...).body, &views))
		for _, v := range views {
			ids = append(ids, v["task_id"].(string))
		}
		return ids
	}
	lesson := courses.LessonID(course, 2)
	body := fmt.Sprintf(`{"section":"content_items","lesson_id":%q}`, lesson)
	a := w.regenerate(ada, course, body, "Prefer", "respond-async")
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	require.Equal(t, "respond-async", a.header.Get("Preference-Applied"))
	again := a.json(t)["task_id"].(string)
	require.Equal(t, "http://lyo.test/v1/tasks/"+again+"/status", a.header.Get("Location"))
	require.Equal(t, []string{again}, list(ada, tasks.TaskCourseRegeneration))
	require.Equal(t, []string{task.String()}, list(ada, tasks.TaskCourseGeneration))
	require.Empty(t, list(eve, tasks.TaskCourseRegeneration))
	var message store.OutboxMessage
	require.NoError(t, w.server.DB.First(&message, "workflow = 'RegenerateCourse'").Error)
	require.Contains(t, string(message.Input), lesson.String())
	require.Equal(t, http.StatusOK, w.do("GET", "/v1/courses/"+course.String(), "", eve.header()...).status, "others read it meanwhile")

	require.Equal(t, http.StatusOK, w.do("POST", "/v1/tasks/"+again+"/cancel", "", ada.header()...).status)
	read := w.do("GET", "/v1/courses/"+course.String(), "", ada.header()...).json(t)
	require.Equal(t, "READY", read["status"], "cancelled, and nothing is lost")
	require.Equal(t, http.StatusAccepted, w.regenerate(ada, course, body).status, "and another one may begin")

	moons, private := w.ask(ada, "Moons")
	w.problem(w.regenerate(eve, private, `{"section":"summary"}`), rest.SlugNotFound)
	w.do("POST", "/v1/tasks/"+moons.String()+"/cancel", "", ada.header()...)
	w.problem(w.regenerate(ada, uuid.New(), `{"section":"summary"}`), rest.SlugNotFound)
	w.problem(w.do("POST", "/v1/courses/"+course.String()+"/regenerate", body), rest.SlugAuth)
	for _, key := range []string{"a b", long(256)} {
		w.problem(w.regenerate(ada, private, `{"section":"lessons"}`, "Idempotency-Key", key), rest.SlugValidation)
	}
}

func TestAKeyIsOfOneRequestWhateverItsKind(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	generate := func(body string) answer {
		return w.do("POST", "/v1/courses/generate", body, append(ada.header(), "Idempotency-Key", "k")...)
	}
	source := w.do("POST", "/v1/sources", `{"text":"The moon pulls.","title":"Notes"}`, ada.header()...).json(t)["id"].(string)
	body := fmt.Sprintf(`{"topic":"Tides","mode":"review","source_ids":[%q]}`, source)
	first := generate(body)
	require.Equal(t, http.StatusAccepted, first.status, string(first.body))
	require.Equal(t, http.StatusNoContent, w.do("DELETE", "/v1/sources/"+source, "", ada.header()...).status)
	again := generate(body)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"), "also when the material is gone")
	require.JSONEq(t, string(first.body), string(again.body))
	for _, other := range []string{
		`{"topic":"Tides","mode":"review"}`,
		fmt.Sprintf(`{"topic":"Tides","source_ids":[%q]}`, source),
		fmt.Sprintf(`{"topic":"Tides","mode":"automatic","source_ids":[%q]}`, source),
	} {
		w.problem(generate(other), rest.SlugReusedKey)
	}
	v := first.json(t)
	w.finish(uuid.MustParse(v["task_id"].(string)), uuid.MustParse(v["provisional_course_id"].(string)))
	w.problem(w.regenerate(ada, uuid.MustParse(v["provisional_course_id"].(string)), `{"section":"lessons"}`, "Idempotency-Key", "k"), rest.SlugReusedKey)
}

func TestMaterialIsNamedByItsPlaceAndARefusalLeavesNothing(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	source := w.do("POST", "/v1/sources", `{"text":"The moon pulls.","title":"Notes"}`, ada.header()...).json(t)["id"].(string)
	for body, pointer := range map[string]string{
		fmt.Sprintf(`{"topic":"Tides","source_ids":[%q]}`, uuid.New()):                     "/source_ids/0",
		fmt.Sprintf(`{"topic":"Tides","source_ids":[%q,%q,%q]}`, source, source, uuid.Nil): "/source_ids/2",
		fmt.Sprintf(`{"topic":"Tides","source_ids":[%q,"notes"]}`, source):                 "/source_ids/1",
		`{"topic":"Tides","source_ids":[3]}`:                                               "/source_ids/0",
	} {
		require.Equal(t, []string{pointer}, pointersOf(w.problem(w.do("POST", "/v1/courses/generate", body, ada.header()...), rest.SlugValidation)), body)
	}
	for _, table := range []string{"courses", "tasks", "task_events", "course_sources"} {
		var n int64
		require.NoError(t, w.server.DB.Table(table).Count(&n).Error)
		require.Zero(t, n, table)
	}
	eleven := `"` + strings.Repeat(source+`","`, 10) + source + `"`
	require.Equal(t, []string{"/source_ids"}, pointersOf(w.problem(w.do("POST", "/v1/courses/generate", `{"topic":"Tides","source_ids":[`+eleven+`]}`, ada.header()...), rest.SlugValidation)))
	for _, none := range []string{`null`, `[]`} {
		require.Equal(t, http.StatusAccepted, w.do("POST", "/v1/courses/generate", `{"topic":"Tides","mode":null,"source_ids":`+none+`}`, ada.header()...).status)
	}
}
