package api

import (
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

func TestTheLearningProfileIsVisibleAndCorrectable(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	course := w.publishes(bob, "Tides", "beginner", "Sea")
	require.NoError(t, w.server.DB.Create(&learning.QuizAttempt{
		ID: store.NewID(), UserID: uuid.MustParse(ada.id), CourseID: course, LessonID: store.NewID(), ItemID: store.NewID(), Score: 0.4,
		Answers: []byte("[]"), Results: []byte("[]"), At: w.clock.now(),
	}).Error)
	const path = "/v1/users/me/learning-profile"
	first := w.do("GET", path, "", ada.header()...)
	require.Equal(t, http.StatusOK, first.status, string(first.body))
	v := first.json(t)
	require.Equal(t, []any{}, v["interests"])
	require.Equal(t, "beginner", v["level"])
	skill := v["skills"].([]any)[0].(map[string]any)
	require.Equal(t, "sea", skill["skill"])
	require.InDelta(t, 0.4, skill["mastery"], 1e-9)
	require.EqualValues(t, 0, v["due"].(map[string]any)["cards"])
	require.Equal(t, http.StatusNotModified, w.do("GET", path, "", append(ada.header(), "If-None-Match", first.header.Get("ETag"))...).status)

	change := `{"interests":[" Sailing ","Sailing"],"level":"advanced","skills":{"Sea":0.9},"completed_topics":["Knots"]}`
	after := w.do("PUT", path, change, append(ada.header(), "If-Match", first.header.Get("ETag"))...)
	require.Equal(t, http.StatusOK, after.status, string(after.body))
	v = after.json(t)
	require.Equal(t, []any{"Sailing"}, v["interests"])
	require.Equal(t, true, v["interests_stated"])
	require.Equal(t, "advanced", v["level"])
	require.Equal(t, []any{"Knots"}, v["completed_topics"])
	skill = v["skills"].([]any)[0].(map[string]any)
	require.InDelta(t, 0.9, skill["mastery"], 1e-9, "what one says counts")
	require.InDelta(t, 0.4, skill["measured"], 1e-9)
	w.problem(w.do("PUT", path, change, append(ada.header(), "If-Match", first.header.Get("ETag"))...), rest.SlugCondition)
	v = w.do("PUT", path, `{"skills":{"sea":null}}`, ada.header()...).json(t)
	require.InDelta(t, 0.4, v["skills"].([]any)[0].(map[string]any)["mastery"], 1e-9, "and can be taken back")

	p := w.problem(w.do("PUT", path, `{"interests":["",""],"level":"expert","skills":{"x":2},"completed_topics":["a\nb"]}`, ada.header()...), rest.SlugValidation)
	require.ElementsMatch(t, []string{"/interests/0", "/interests/1", "/level", "/skills", "/completed_topics/0"}, pointersOf(p))
	require.Equal(t, []any{}, w.do("GET", path, "", bob.header()...).json(t)["skills"])
}

func TestALearningPathLeadsFromEasyToHard(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	hard, easy := w.publishes(bob, "Ocean currents", "advanced", "sea"), w.publishes(bob, "Waves", "beginner", "sea")
	w.publishes(bob, "Bread", "beginner", "baking")
	now := w.server.Now()
	require.NoError(t, w.server.DB.Create(&courses.Lesson{
		ID: courses.LessonID(easy, 1), CourseID: easy, Position: 1, Title: "Ripples", Objectives: []string{"See them"}, CreatedAt: now, UpdatedAt: now,
	}).Error)
	steps := w.do("GET", "/v1/feeds/learning-path?skills=Sea", "", ada.header()...).array(t)
	require.Len(t, steps, 2)
	require.Equal(t, easy.String(), steps[0]["content_id"])
	require.Equal(t, []any{"See them"}, steps[0]["learning_objectives"])
	require.Equal(t, hard.String(), steps[1]["content_id"])
	require.Equal(t, []any{easy.String()}, steps[1]["prerequisites"])
	require.EqualValues(t, 2, steps[1]["sequence_order"])
	require.Empty(t, w.do("GET", "/v1/feeds/learning-path", "", ada.header()...).array(t), "nothing is known of her yet")
	require.NoError(t, w.server.DB.Create(&learning.CourseProgress{UserID: uuid.MustParse(ada.id), CourseID: easy, StartedAt: now, LastAccessedAt: now, CompletedAt: &now}).Error)
	require.Len(t, w.do("GET", "/v1/feeds/learning-path?skills=Sea", "", ada.header()...).array(t), 1, "completed courses are left out")
}
