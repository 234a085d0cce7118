package api

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

func (w *testEnv) learned(p person, kind learning.EventKind, at string, minutes int) {
	w.t.Helper()
	when, err := time.Parse(time.RFC3339, at)
	require.NoError(w.t, err)
	course := uuid.NewSHA1(uuid.NameSpaceURL, []byte("course of "+p.id))
	require.NoError(w.t, w.server.DB.Create(&learning.Event{
		ID: store.NewID(), UserID: uuid.MustParse(p.id), Kind: kind, CourseID: &course, Minutes: minutes, At: when,
	}).Error)
	_, err = learning.RecountMany(w.t.Context(), w.server.DB, uuid.Nil, 100, w.server.Now())
	require.NoError(w.t, err)
}

func TestStatsAndActivityAreOfOnesTimeZone(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t) // it is 2026-11-01T12:00Z, a day on which New York's clock goes back
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	require.NoError(t, w.server.DB.Exec("UPDATE users SET timezone = 'America/New_York' WHERE id = ?", ada.id).Error) // as if ever since
	task, course := w.ask(ada, "Tides")
	w.finish(task, course)
	w.learned(ada, learning.LessonCompleted, "2026-10-30T12:00:00Z", 10)
	w.learned(ada, learning.LessonCompleted, "2026-11-01T03:30:00Z", 20) // the 31st in New York
	w.learned(ada, learning.CourseCompleted, "2026-11-01T03:30:00Z", 0)
	w.learned(ada, learning.CourseCompleted, "2026-11-01T03:31:00Z", 0) // the same course
	w.learned(eve, learning.LessonCompleted, "2026-11-01T03:30:00Z", 99)
	stats := func() map[string]any { return w.do("GET", "/v1/users/me/stats", "", ada.header()...).json(t) }
	require.Equal(t, map[string]any{
		"courses_completed": 1.0, "tasks_completed": 1.0, "total_study_time_minutes": 30.0, "current_streak_days": 2.0,
		"total_points": 0.0, "level": 1.0, "achievements_count": 0.0, "join_date": "2026-11-01T12:00:00Z",
	}, stats(), "in UTC the 31st would be missed")

	a := w.do("GET", "/v1/users/me/activity?days=4", "", ada.header()...)
	require.Equal(t, 200, a.status, string(a.body))
	v := a.json(t)
	require.Equal(t, []any{
		map[string]any{"date": "2026-10-29", "activities": 0.0, "study_time_minutes": 0.0},
		map[string]any{"date": "2026-10-30", "activities": 1.0, "study_time_minutes": 10.0},
		map[string]any{"date": "2026-10-31", "activities": 3.0, "study_time_minutes": 20.0},
		map[string]any{"date": "2026-11-01", "activities": 1.0, "study_time_minutes": 0.0},
	}, v["weekly_activity"])
	require.Equal(t, map[string]any{"current_streak": 2.0, "longest_streak": 2.0, "last_activity": "2026-11-01T03:31:00Z"}, v["learning_streak"])
	require.Equal(t, 200, w.do("PUT", "/v1/users/me", `{"timezone":"Asia/Tokyo"}`, ada.header()...).status)
	require.EqualValues(t, 2, stats()["current_streak_days"], "a move changes nothing that was")
	require.Len(t, v["recent_courses"], 1)
	require.Equal(t, "READY", v["recent_courses"].([]any)[0].(map[string]any)["status"])
	require.Equal(t, "completed", v["recent_tasks"].([]any)[0].(map[string]any)["status"])
}

func TestActivityOfNobodyYet(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	for query, days := range map[string]int{"": 30, "?days=1": 1, "?days=365": 365} {
		v := w.do("GET", "/v1/users/me/activity"+query, "", ada.header()...).json(t)
		require.Len(t, v["weekly_activity"], days)
		require.Equal(t, []any{}, v["recent_tasks"])
		require.Nil(t, v["learning_streak"].(map[string]any)["last_activity"])
	}
	for _, bad := range []string{"?days=0", "?days=366", "?days=x"} {
		w.problem(w.do("GET", "/v1/users/me/activity"+bad, "", ada.header()...), rest.SlugValidation)
	}
}
