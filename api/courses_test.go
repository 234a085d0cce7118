package api

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// newEnvWithoutTemporal returns a test environment whose Temporal is unreachable: messages of handlers stay in the
// outbox, and progress comes from the rows.
func newEnvWithoutTemporal(t *testing.T) *testEnv {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	away, err := client.NewLazyClient(client.Options{HostPort: "127.0.0.1:1", Logger: sdklog.NewStructuredLogger(quiet)})
	require.NoError(t, err)
	t.Cleanup(away.Close)
	return newTestEnv(t, func(d *Deps) {
		d.Config.Course.Deadline = time.Hour
		d.Temporal = away
		d.Dispatcher = &outbox.Dispatcher{DB: d.DB, Temporal: away, Clock: time.Now, Log: quiet}
	})
}

// rowsHub returns a hub that reads progress from the rows only.
func rowsHub(t *testing.T, d Deps) *realtime.Hub {
	t.Helper()
	hub := realtime.NewHub(realtime.Options{Source: rowsOnly{d.DB}, Log: slog.New(slog.DiscardHandler), Poll: 20 * time.Millisecond})
	t.Cleanup(func() { require.NoError(t, hub.Close(context.Background())) })
	return hub
}

// rowsOnly is a source whose workflows never answer.
type rowsOnly struct{ db *gorm.DB }

func (rowsOnly) Query(context.Context, uuid.UUID, int64) ([]tasks.TaskEvent, error) {
	return nil, fmt.Errorf("nobody answers")
}

func (r rowsOnly) Rows(ctx context.Context, task uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	return tasks.EventsAfter(ctx, r.db, task, since)
}

func (rowsOnly) Database(context.Context) string { return "" }

// ask generates a course and returns the ids of its task and of the course.
func (w *testEnv) ask(p person, topic string) (task, course uuid.UUID) {
	w.t.Helper()
	return w.askFor(p, topic, "public")
}

// askFor is ask for a course of a visibility.
func (w *testEnv) askFor(p person, topic, visibility string) (task, course uuid.UUID) {
	w.t.Helper()
	w.clock.advance(time.Second)
	a := w.do("POST", "/v1/courses/generate", fmt.Sprintf(`{"topic":%q,"visibility":%q}`, topic, visibility), p.header()...)
	require.Equal(w.t, http.StatusAccepted, a.status, string(a.body))
	v := a.json(w.t)
	return uuid.MustParse(v["task_id"].(string)), uuid.MustParse(v["provisional_course_id"].(string))
}

// finish writes a course as the workflow would.
func (w *testEnv) finish(task, course uuid.UUID) {
	w.t.Helper()
	now := w.server.Now()
	w.write(course, "Water rises.")
	done := tasks.TaskEvent{Seq: 2, State: tasks.TaskDone, Progress: 100, Step: "done", Message: "Ready", At: now}
	require.NoError(w.t, courses.FinishCourse(context.Background(), w.server.DB, task, []tasks.TaskEvent{done}, courses.Generation{Model: "m", GeneratedAt: &now}, notify.Enqueuer{}))
}

// write plans a course of three lessons and writes them; the last text is that of all further ones.
func (w *testEnv) write(course uuid.UUID, texts ...string) {
	w.t.Helper()
	ctx, db, now := context.Background(), w.server.DB, w.server.Now()
	plan, err := courses.CourseToWrite(ctx, db, course)
	require.NoError(w.t, err)
	plan.Title = "On " + plan.Topic
	for n := 1; n <= 3; n++ {
		plan.Lessons = append(plan.Lessons, courses.Lesson{
			ID: courses.LessonID(course, n), CourseID: course, Position: n, Title: fmt.Sprint("Part ", n), CreatedAt: now, UpdatedAt: now,
		})
	}
	_, err = courses.SaveOutline(ctx, db, plan)
	require.NoError(w.t, err)
	for i, l := range plan.Lessons {
		l.Content, l.Revision, l.PracticeRevision = texts[min(i, len(texts)-1)], 1, 1
		require.NoError(w.t, courses.SaveLesson(ctx, db, l))
		require.NoError(w.t, courses.SavePractice(ctx, db, l, []courses.Item{{
			ID: courses.ItemID(l.ID, 1), CourseID: course, LessonID: l.ID, Position: 1, Type: "quiz", Title: "Quiz", Source: "lyo",
			DifficultyLevel: "beginner", Language: "en", CreatedAt: now,
			Quiz: []courses.QuizQuestion{{ID: "q1", Kind: "single_choice", Prompt: "Why?", Options: []string{"moon", "sun"}, Explanation: "secret-explanation"}},
		}}))
	}
}

func TestGenerateAnswersWithWhatCanBeReadAtOnce(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for _, path := range []string{"/v1/courses/generate", "/v1/courses:generate", "/v1/courses/generate/"} {
		a := w.do("POST", path, `{"title":"Tides","level":"advanced","unknown":1,"description":null}`, append(ada.header(), "Prefer", "respond-async")...)
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		require.Equal(t, "respond-async", a.header.Get("Preference-Applied"))
		v := a.json(t)
		task := v["task_id"].(string)
		require.Equal(t, "http://lyo.test/v1/tasks/"+task+"/status", a.header.Get("Location"))
		require.Equal(t, a.header.Get("Location"), v["status_url"])
		require.Equal(t, "ws://lyo.test/v1/tasks/ws/"+task, v["ws_url"])
		require.Positive(t, v["estimated_completion_minutes"])
		status := w.do("GET", "/v1/tasks/"+task+"/status", "", ada.header()...).json(t)
		require.Equal(t, "QUEUED", status["state"])
		require.Equal(t, "pending", status["status"])
		require.Nil(t, status["result_id"])
		course := w.do("GET", "/v1/courses/"+v["provisional_course_id"].(string), "", ada.header()...).json(t)
		require.Equal(t, "GENERATING", course["status"])
		require.Equal(t, "Tides", course["topic"])
		require.Equal(t, "advanced", course["difficulty_level"])
	}
}

func TestGenerateRefusesAllBrokenRulesAtOnce(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	for body, pointers := range map[string][]string{
		`{}`:                            {"/topic"},
		`{"topic":"  ab "}`:             {"/topic"},
		`{"topic":"` + long(201) + `"}`: {"/topic"},
		`{"topic":7}`:                   {"/topic"},
		`{"topic":"T","locale":"not a locale","difficulty_level":"expert","preferences":{"duration_hours":-1,"format":3}}`: {
			"/topic", "/locale", "/difficulty_level", "/preferences/duration_hours", "/preferences/format",
		},
		`{"topic":"Tides","target_duration_hours":0}`:                                   {"/target_duration_hours"},
		`{"topic":"Tides","target_duration_hours":101}`:                                 {"/target_duration_hours"},
		`{"topic":"Tides","interests":["1","2","3","4","5","6","7","8","9","10","11"]}`: {"/interests"},
		`{"topic":"Tides","interests":[" "]}`:                                           {"/interests/0"},
	} {
		p := w.problem(w.do("POST", "/v1/courses/generate", body, ada.header()...), rest.SlugValidation)
		require.ElementsMatch(t, pointers, pointersOf(p), body)
	}
	for body, pointers := range map[string][]string{
		`{"topic":"ab","interests":["1","2","3","4","5","6","7","8","9","10","11"],"difficulty_level":"zz","target_duration_hours":0,"locale":"?"}`: {
			"/topic", "/interests", "/difficulty_level", "/target_duration_hours", "/locale",
		},
		`{"topic":"a\nbc"}`:                               {"/topic"},
		`{"topic":"\u200b\u200b\u200b"}`:                  {"/topic"},
		`{"topic":"Tides","target_duration_hours":1e400}`: {"/target_duration_hours"},
	} {
		p := w.problem(w.do("POST", "/v1/courses/generate", body, ada.header()...), rest.SlugValidation)
		require.ElementsMatch(t, pointers, pointersOf(p), body)
	}
	for _, key := range []string{long(256), "två", "a b"} {
		w.problem(w.do("POST", "/v1/courses/generate", `{"topic":"Tides"}`, append(ada.header(), "Idempotency-Key", key)...), rest.SlugValidation)
	}
	w.problem(w.do("POST", "/v1/courses/generate", `{"topic":`, ada.header()...), rest.SlugMalformed)
	w.problem(w.do("POST", "/v1/courses/generate", `{"topic":"Tides"}`), rest.SlugAuth)
}

func pointersOf(problem map[string]any) []string {
	var all []string
	for _, fault := range problem["errors"].([]any) {
		all = append(all, fault.(map[string]any)["pointer"].(string))
	}
	return all
}

func long(n int) string { return strings.Repeat("x", n) }

func TestAKeyIsAnsweredOnce(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	send := func(p person, body string) answer {
		return w.do("POST", "/v1/courses/generate", body, append(p.header(), "Idempotency-Key", "k1")...)
	}
	first := send(ada, `{"topic":"Tides","interests":[]}`)
	require.Empty(t, first.header.Get("Idempotent-Replayed"))
	again := send(ada, ` {"interests":null, "topic":"Tides"}`)
	require.Equal(t, http.StatusAccepted, again.status)
	require.Equal(t, "true", again.header.Get("Idempotent-Replayed"))
	require.JSONEq(t, string(first.body), string(again.body))
	w.problem(send(ada, `{"topic":"Moons"}`), rest.SlugReusedKey)
	require.NotEqual(t, first.json(t)["task_id"], send(bob, `{"topic":"Tides"}`).json(t)["task_id"])
}

func TestWhoSeesWhichCourse(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	task, public := w.ask(ada, "Tides")
	w.finish(task, public)
	_, private := w.ask(ada, "Moons")
	path := func(id uuid.UUID) string { return "/v1/courses/" + id.String() }

	p := w.problem(w.do("GET", path(private), "", bob.header()...), rest.SlugNotFound)
	require.Equal(t, "course", p["resource_type"])
	require.Equal(t, private.String(), p["resource_id"])
	a := w.do("GET", path(public), "", bob.header()...)
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, string(a.body), "secret-explanation", "answers stay here")
	require.NotContains(t, string(a.body), `"answer"`)
	course := a.json(t)
	require.Len(t, course["lessons"], 3)
	require.Len(t, course["items"], 3)
	require.Len(t, course["lessons"].([]any)[0].(map[string]any)["items"], 1)
	item := course["items"].([]any)[0].(map[string]any)
	require.Contains(t, item, "sourceUrl")
	require.Equal(t, "Why?", item["questions"].([]any)[0].(map[string]any)["prompt"])

	w.problem(w.do("PUT", path(public), `{"title":"Mine"}`, bob.header()...), rest.SlugDenied)
	w.problem(w.do("DELETE", path(public), "", bob.header()...), rest.SlugDenied)
	w.problem(w.do("PUT", path(private), `{"title":"Mine"}`, bob.header()...), rest.SlugNotFound)
	w.problem(w.do("DELETE", path(private), "", bob.header()...), rest.SlugNotFound)
	w.problem(w.do("GET", "/v1/courses/12", "", bob.header()...), rest.SlugMalformed)
	require.Equal(t, []string{"On Tides"}, titles(t, w.do("GET", "/v1/courses/", "", bob.header()...)))
	require.Empty(t, titles(t, w.do("GET", "/v1/courses?own_only=true", "", bob.header()...)))
	require.Equal(t, []string{"Moons", "On Tides"}, titles(t, w.do("GET", "/v1/courses", "", ada.header()...)))
	require.Equal(t, []string{"Moons"}, titles(t, w.do("GET", "/v1/courses?topic=oon", "", ada.header()...)))
	require.Empty(t, titles(t, w.do("GET", "/v1/courses?topic=%25", "", ada.header()...)), "a percent sign is no wildcard")
	require.Equal(t, []string{"On Tides"}, titles(t, w.do("GET", "/v1/courses?status=READY", "", ada.header()...)))
}

func titles(t *testing.T, a answer) []string {
	t.Helper()
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	var courses []courseView
	require.NoError(t, json.Unmarshal(a.body, &courses))
	var all []string
	for _, c := range courses {
		all = append(all, c.Title)
	}
	return all
}

func TestPagesShowEachCourseOnceWhileNewOnesArrive(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	want := map[string]bool{}
	for n := range 7 {
		topic := fmt.Sprintf("Topic %d", n)
		w.ask(ada, topic)
		want[topic] = true
	}
	seen := map[string]int{}
	for path := "/v1/courses?limit=3"; path != ""; {
		a := w.do("GET", path, "", ada.header()...)
		for _, title := range titles(t, a) {
			seen[title]++
		}
		w.ask(ada, "Newer")
		path = nextPath(a)
	}
	for title := range want {
		require.Equal(t, 1, seen[title], title)
	}
	require.Len(t, seen, len(want))
	next := nextPath(w.do("GET", "/v1/courses?limit=3", "", ada.header()...))
	w.problem(w.do("GET", next+"&own_only=true", "", ada.header()...), rest.SlugMalformed)
	w.problem(w.do("GET", strings.Replace(next, "cursor=", "cursor=A", 1), "", ada.header()...), rest.SlugMalformed)
	w.problem(w.do("GET", next, "", w.signUp("bob@example.com").header()...), rest.SlugMalformed)
	w.problem(w.do("GET", "/v1/courses?limit=51", "", ada.header()...), rest.SlugValidation)
}

func nextPath(a answer) string {
	link, _, _ := strings.Cut(strings.TrimPrefix(a.header.Get("Link"), "<http://lyo.test"), ">")
	return link
}

func TestChangingOnesCourse(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	task, id := w.ask(ada, "Tides")
	path := "/v1/courses/" + id.String()
	w.problem(w.do("PUT", path, `{"title":"New"}`, ada.header()...), rest.SlugConflict)
	w.finish(task, id)
	read := w.do("GET", path, "", ada.header()...)
	tag := read.header.Get("ETag")
	require.Equal(t, http.StatusNotModified, w.do("GET", path, "", append(ada.header(), "If-None-Match", tag)...).status)
	broken := w.problem(w.do("PUT", path, `{"title":" ","summary":5,"thumbnail_url":"https://me:pw@x","difficulty_level":"hard","tags":[""]}`, ada.header()...), rest.SlugValidation)
	require.ElementsMatch(t, []string{"/title", "/summary", "/thumbnail_url", "/difficulty_level", "/tags/0"}, pointersOf(broken))
	changed := w.do("PUT", path, `{"title":" New ","tags":["sea"," sea"],"thumbnail_url":""}`, append(ada.header(), "If-Match", tag)...)
	require.Equal(t, http.StatusOK, changed.status, string(changed.body))
	require.Equal(t, "New", changed.json(t)["title"])
	require.Equal(t, []any{"sea"}, changed.json(t)["tags"])
	require.Nil(t, changed.json(t)["thumbnail_url"])
	require.Len(t, changed.json(t)["lessons"], 3)
	require.Equal(t, changed.header.Get("ETag"), w.do("GET", path, "", ada.header()...).header.Get("ETag"))
	w.problem(w.do("PUT", path, `{"title":"Newer"}`, append(ada.header(), "If-Match", tag)...), rest.SlugCondition)
	w.problem(w.do("DELETE", path, "", append(ada.header(), "If-Match", tag)...), rest.SlugCondition)
	require.Equal(t, http.StatusNoContent, w.do("DELETE", path, "", ada.header()...).status)
	w.problem(w.do("DELETE", path, "", ada.header()...), rest.SlugNotFound)
}

func TestDeletingACourseEndsItsGeneration(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	task, id := w.ask(ada, "Tides")
	require.Equal(t, http.StatusNoContent, w.do("DELETE", "/v1/courses/"+id.String(), "", ada.header()...).status)
	var actions []string
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("workflow_id LIKE ?", "%"+task.String()).Order("action").Pluck("action", &actions).Error)
	require.Equal(t, []string{"cancel"}, actions, "what was never started does not begin")
	require.Equal(t, "cancelled", w.do("GET", "/v1/tasks/"+task.String(), "", ada.header()...).json(t)["status"])
}
