package api

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

func (w *testEnv) usage(p person) map[string]any {
	w.t.Helper()
	a := w.do("GET", "/v1/users/me/usage", "", p.header()...)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	return a.json(w.t)
}

// signIn returns an access token for the new day.
func (w *testEnv) signIn(email string) person {
	w.t.Helper()
	a := w.do("POST", "/v1/auth/login", `{"email":"`+email+`","password":"correct horse"}`)
	require.Equal(w.t, http.StatusOK, a.status, string(a.body))
	v := a.json(w.t)
	return person{v["user"].(map[string]any)["id"].(string), v["access_token"].(string), v["refresh_token"].(string)}
}

// spend records the token usage of a user's course at a time.
func (w *testEnv) spend(p person, at time.Time, in, out int) {
	w.t.Helper()
	call := courses.ModelCall{
		ID: store.NewID(), UserID: uuid.MustParse(p.id), CourseID: store.NewID(), Kind: "lesson", Outcome: "ok",
		Calls: 1, InputTokens: in, OutputTokens: out, Seconds: 0.5, At: at,
	}
	require.NoError(w.t, courses.SaveModelCall(context.Background(), w.server.DB, call))
}

func TestUsageBeginsWithNothing(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	require.Equal(t, map[string]any{
		"today":        map[string]any{"date": "2026-11-01", "calls": 0.0, "input_tokens": 0.0, "output_tokens": 0.0, "seconds": 0.0},
		"daily_tokens": nil, "remaining_tokens": nil, "resets_at": "2026-11-02T00:00:00Z",
		"running": 0.0, "waiting": 0.0, "running_at_once": 100.0, "days": []any{}, "typical_tokens_per_course": 50_000.0,
	}, w.usage(ada))
	w.problem(w.do("GET", "/v1/users/me/usage", ""), rest.SlugAuth)
}

func TestUsageIsOnesOwnByTheDay(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Course.DailyTokens = 1_000
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	midnight := w.clock.now().Truncate(24 * time.Hour)
	w.spend(bob, w.clock.now(), 500, 500)
	w.spend(ada, w.clock.now(), 100, 20)
	w.spend(ada, midnight, 10, 5)
	w.spend(ada, midnight.Add(-time.Second), 7, 3)
	w.spend(ada, midnight.AddDate(0, 0, -29), 2, 1)
	w.spend(ada, midnight.AddDate(0, 0, -29).Add(-time.Second), 9_999, 9_999)
	use := w.usage(ada)
	day := func(date string, calls, in, out, seconds float64) map[string]any {
		return map[string]any{"date": date, "calls": calls, "input_tokens": in, "output_tokens": out, "seconds": seconds}
	}
	today := day("2026-11-01", 2, 110, 25, 1)
	require.Equal(t, today, use["today"])
	require.Equal(t, []any{today, day("2026-10-31", 1, 7, 3, 0.5), day("2026-10-03", 1, 2, 1, 0.5)}, use["days"])
	require.EqualValues(t, 1_000, use["daily_tokens"])
	require.EqualValues(t, 865, use["remaining_tokens"])

	w.spend(ada, w.clock.now(), 5_000, 0)
	require.EqualValues(t, 0, w.usage(ada)["remaining_tokens"], "never less than nothing")
	w.clock.advance(12 * time.Hour)
	ada = w.signIn("ada@example.com")
	use = w.usage(ada)
	require.EqualValues(t, 1_000, use["remaining_tokens"], "a new day")
	require.Equal(t, "2026-11-03T00:00:00Z", use["resets_at"])
	require.Equal(t, "2026-11-01", use["days"].([]any)[0].(map[string]any)["date"], "a day without any is left out")
}

func TestADayWithoutTokensLeftNamesARetryTime(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Course.DailyTokens = 1_000
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	generate := func(p person, headers ...string) answer {
		return w.do("POST", "/v1/courses/generate", `{"topic":"Tides"}`, append(p.header(), headers...)...)
	}
	first := generate(ada, "Idempotency-Key", "one")
	require.Equal(t, http.StatusAccepted, first.status)
	v := first.json(t)
	w.finish(uuid.MustParse(v["task_id"].(string)), uuid.MustParse(v["provisional_course_id"].(string)))
	w.spend(ada, w.clock.now(), 900, 100)

	refused := generate(ada)
	w.problem(refused, rest.SlugRateLimited)
	require.Equal(t, "43200", refused.header.Get("Retry-After"), "until midnight UTC")
	w.problem(generate(ada, "Idempotency-Key", "two"), rest.SlugRateLimited)
	again := w.do("POST", "/v1/courses/"+v["provisional_course_id"].(string)+"/regenerate", `{"section":"summary"}`, ada.header()...)
	w.problem(again, rest.SlugRateLimited)
	replay := generate(ada, "Idempotency-Key", "one")
	require.Equal(t, http.StatusAccepted, replay.status)
	require.Equal(t, "true", replay.header.Get("Idempotent-Replayed"))
	require.Equal(t, http.StatusAccepted, generate(bob).status, "another's tokens are another's")

	w.clock.advance(12 * time.Hour)
	ada = w.signIn("ada@example.com")
	require.Equal(t, http.StatusAccepted, generate(ada, "Idempotency-Key", "two").status, "the refusal was not kept under the key")
}

func TestMessagesOfWaitingGenerationsWait(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.server.Config.Course.AtOnce = 2
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	var tasks []uuid.UUID
	for _, topic := range []string{"Ebb", "Flood", "Storm", "Calm"} {
		task, _ := w.ask(ada, topic)
		tasks = append(tasks, task)
	}
	w.ask(bob, "Moons")
	waiting := func() (found []bool) {
		for _, task := range tasks {
			var messages []store.OutboxMessage
			require.NoError(t, w.server.DB.Find(&messages, "action = 'start' AND workflow_id LIKE ?", "%"+task.String()).Error)
			if len(messages) == 1 {
				found = append(found, messages[0].Waiting)
			}
		}
		return found
	}
	counts := func(p person) [2]float64 {
		use := w.usage(p)
		return [2]float64{use["running"].(float64), use["waiting"].(float64)}
	}
	require.Equal(t, []bool{false, false, true, true}, waiting())
	require.Equal(t, [2]float64{2, 2}, counts(ada))
	require.Equal(t, [2]float64{1, 0}, counts(bob))
	cancel := func(task uuid.UUID) {
		require.Equal(t, http.StatusOK, w.do("POST", "/v1/tasks/"+task.String()+"/cancel", "", ada.header()...).status)
	}
	cancel(tasks[2])
	require.Equal(t, []bool{false, false, true}, waiting(), "a waiting course frees no slot")
	require.Equal(t, [2]float64{2, 1}, counts(ada))
	cancel(tasks[1])
	require.Equal(t, []bool{false, false}, waiting(), "the next one goes on")
	require.Equal(t, [2]float64{2, 0}, counts(ada))
}
