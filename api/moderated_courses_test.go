package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

const (
	courseReports = "/v1/community/reports"
	allCourses    = "/v1/admin/courses"
)

// madePublic creates a course of a user that everybody sees, unless it is put on hold.
func (w *testEnv) madePublic(p person, topic string) string {
	w.t.Helper()
	task, course := w.askFor(p, topic, "private")
	w.finish(task, course)
	w.ok("POST", "/v1/courses/"+course.String()+"/share", "", p)
	return course.String()
}

// appears reports whether a user finds a course in each place where others could: by its id, its
// lists, the search and the feeds. It fails when they do not agree.
func (w *testEnv) appears(p person, course, topic string) bool {
	w.t.Helper()
	seen := map[string]bool{"id": w.do("GET", "/v1/courses/"+course, "", p.header()...).status == http.StatusOK}
	for _, path := range []string{"/v1/courses?limit=50", "/v1/feeds/search?q=" + topic, "/v1/feeds?feed_type=recent", "/v1/feeds/trending"} {
		a := w.ok("GET", path, "", p)
		if path != "/v1/feeds/trending" {
			seen[path] = containsID(a, course)
		} else if containsID(a, course) && !seen["id"] {
			require.Fail(w.t, "in trending, though nobody may read it")
		}
	}
	for path, there := range seen {
		require.Equal(w.t, seen["id"], there, "%v: %s", seen, path)
	}
	return seen["id"]
}

func containsID(a answer, id string) bool {
	return uuid.Validate(id) == nil && strings.Contains(string(a.body), id)
}

func TestContentRulesHoldACourseThatBecomesPublic(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	w.ok("POST", "/v1/admin/content-rules", `{"kind":"word","pattern":"casino"}`, boss)
	pending := w.madePublic(ada, "Casinó tricks")
	require.False(t, w.appears(eve, pending, "tricks"))
	require.Equal(t, "held", w.ok("GET", "/v1/courses/"+pending, "", ada).json(t)["moderation_status"])
	waiting := w.list("/v1/admin/held", boss)
	require.Len(t, waiting, 1)
	require.Equal(t, pending, waiting[0]["id"])
	require.Equal(t, "course", waiting[0]["target_type"])
	require.Equal(t, "the word casino", waiting[0]["held_for"])
	require.Equal(t, ada.id, waiting[0]["author_id"])
	w.ok("DELETE", "/v1/courses/"+pending+"/share", "", ada)
	require.Empty(t, w.list("/v1/admin/held", boss), "what is private again needs no decision")
	w.ok("POST", "/v1/courses/"+pending+"/share", "", ada)
	require.False(t, w.appears(eve, pending, "tricks"), "taking it back and sharing it again is no way around")

	w.ok("POST", "/v1/admin/held/"+pending+"/decision", `{"decision":"approve"}`, boss)
	require.True(t, w.appears(eve, pending, "tricks"))
	w.problem(w.do("POST", "/v1/admin/held/"+pending+"/decision", `{"decision":"approve"}`, boss.header()...), rest.SlugNotFound)
	w.ok("PUT", "/v1/courses/"+pending, `{"summary":"More on every casino"}`, ada)
	require.False(t, w.appears(eve, pending, "tricks"), "a change is judged again")
	w.ok("POST", "/v1/admin/held/"+pending+"/decision", `{"decision":"reject"}`, boss)
	require.False(t, w.appears(eve, pending, "tricks"))
	require.Equal(t, "hidden", w.ok("GET", "/v1/courses/"+pending, "", ada).json(t)["moderation_status"], "its owner goes on learning from it")
	require.Contains(t, string(w.ok("GET", "/v1/notifications", "", ada).body), "Your course is hidden")
	require.Len(t, w.list("/v1/admin/audit?action=held.decided", boss), 2)

	bossy := w.madePublic(boss, "Casino architecture")
	require.True(t, w.appears(eve, bossy, "architecture"), "administrators are not bound")
}

func TestContentRulesReadAllOfACourse(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	w.ok("POST", "/v1/admin/content-rules", `{"kind":"word","pattern":"casino"}`, boss)
	for name, spoil := range map[string]func(course uuid.UUID) error{
		"lesson": func(course uuid.UUID) error {
			return w.server.DB.Exec("UPDATE lessons SET content = 'Go to the c4sino.' WHERE course_id = ? AND position = 3", course).Error
		},
		"quiz": func(course uuid.UUID) error {
			return w.server.DB.Exec(`UPDATE items SET quiz = jsonb_set(quiz, '{0,options,1}', '"casino"') WHERE course_id = ?`, course).Error
		},
		"tags": func(course uuid.UUID) error {
			return w.server.DB.Exec(`UPDATE courses SET tags = '["casino"]' WHERE id = ?`, course).Error
		},
	} {
		task, course := w.askFor(ada, "Chance", "private")
		w.finish(task, course)
		require.NoError(t, spoil(course), name)
		w.ok("POST", "/v1/courses/"+course.String()+"/share", "", ada)
		require.Equal(t, "held", w.ok("GET", "/v1/courses/"+course.String(), "", ada).json(t)["moderation_status"], name)
		w.problem(w.do("GET", "/v1/courses/"+course.String(), "", eve.header()...), rest.SlugNotFound)
	}
}

func TestACourseThatIsPublicAtItsEndIsJudgedThen(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	w.ok("POST", "/v1/admin/content-rules", `{"kind":"word","pattern":"water"}`, boss)
	a := w.do("POST", "/v1/courses/generate", `{"topic":"Tides","visibility":"public"}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	course := uuid.MustParse(a.json(t)["provisional_course_id"].(string))
	w.finish(uuid.MustParse(a.json(t)["task_id"].(string)), course)
	require.False(t, w.appears(eve, course.String(), "Tides"))
	var entries int64
	require.NoError(t, w.server.DB.Model(&activity.FeedEntry{}).Where("content_id = ?", course).Count(&entries).Error)
	require.Zero(t, entries, "it is not in the feed before it is decided")
	w.ok("POST", "/v1/admin/held/"+course.String()+"/decision", `{"decision":"approve"}`, boss)
	require.True(t, w.appears(eve, course.String(), "Tides"))
	require.NoError(t, w.server.DB.Model(&activity.FeedEntry{}).Where("content_id = ?", course).Count(&entries).Error)
	require.EqualValues(t, 1, entries)
}

func TestWhatIsWrittenAgainIsJudgedBeforeAnybodySeesIt(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	course := w.madePublic(ada, "Chance")
	require.True(t, w.appears(eve, course, "Chance"))
	w.ok("POST", "/v1/admin/content-rules", `{"kind":"word","pattern":"casino"}`, boss)
	a := w.do("POST", "/v1/courses/"+course+"/regenerate", `{"section":"lessons"}`, ada.header()...)
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	id := uuid.MustParse(course)
	now := w.server.Now()
	text := courses.Lesson{ID: courses.LessonID(id, 1), CourseID: id, Content: "Bet in a casino.", Revision: 2, UpdatedAt: now, WrittenAt: &now}
	require.NoError(t, courses.SaveLesson(t.Context(), w.server.DB, text))
	require.False(t, w.appears(eve, course, "Chance"), "the run is still going on")
	require.Equal(t, "the word casino", w.list("/v1/admin/held", boss)[0]["held_for"])
}

func TestCoursesAndTheirPartsAreReported(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	course := w.madePublic(eve, "Tides")
	id := uuid.MustParse(course)
	lesson := courses.LessonID(id, 1)
	item := courses.ItemID(lesson, 1)
	report := func(p person, kind string, target any, more string) answer {
		return w.do("POST", courseReports, fmt.Sprintf(`{"target_type":%q,"target_id":"%v","reason":"It is wrong."%s}`, kind, target, more), p.header()...)
	}
	for _, r := range []struct {
		kind   string
		target uuid.UUID
		more   string
		says   string
	}{
		{"course", id, "", "On Tides"},
		{"lesson", lesson, "", "Water rises."},
		{"item", item, "", "moon"},
		{"question", item, `,"question_id":"q1"`, "secret-explanation"},
	} {
		made := report(ada, r.kind, r.target, r.more)
		require.Equal(t, http.StatusCreated, made.status, "%s: %s", r.kind, made.body)
		require.NotContains(t, string(made.body), "secret-explanation", "the reporter sees no answers")
		require.Equal(t, http.StatusOK, report(ada, r.kind, r.target, r.more).status, "once each")
		all := w.list("/v1/admin/reports", boss)
		last := all[len(all)-1]
		require.Equal(t, r.kind, last["target_type"])
		require.Contains(t, last["excerpt"], r.says)
		require.Equal(t, course, last["course_id"])
		require.Equal(t, eve.id, last["author_id"])
		made24, err := time.Parse(time.RFC3339, last["created_at"].(string))
		require.NoError(t, err)
		due, err := time.Parse(time.RFC3339, last["due_at"].(string))
		require.NoError(t, err)
		require.Equal(t, 24*time.Hour, due.Sub(made24))
		w.clock.advance(time.Second)
	}
	var reviews int64
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("workflow = 'ReviewReport'").Count(&reviews).Error)
	require.EqualValues(t, 4, reviews, "each has its clock")
	require.Equal(t, http.StatusCreated, report(ada, "question", item, "").status, "all questions of a quiz")
	w.problem(report(ada, "question", item, `,"question_id":"q9"`), rest.SlugValidation)
	w.problem(report(ada, "question", lesson, ""), rest.SlugNotFound)
	w.problem(report(ada, "lesson", lesson, `,"question_id":"q1"`), rest.SlugValidation)
	w.problem(report(ada, "message", id, ""), rest.SlugValidation)

	// One's own course can be reported: a model wrote it. An invisible one is not found, except that of
	// an author who has blocked the user.
	task, own := w.askFor(ada, "Ebb", "private")
	w.finish(task, own)
	require.Equal(t, http.StatusCreated, report(ada, "lesson", courses.LessonID(own, 1), "").status)
	w.problem(report(eve, "lesson", courses.LessonID(own, 1), ""), rest.SlugNotFound)
	w.problem(report(eve, "course", own, ""), rest.SlugNotFound)
	bob := w.signUp("bob@example.com")
	w.ok("PUT", blocksPath+"/"+bob.id, "", eve)
	w.problem(w.do("GET", "/v1/courses/"+course, "", bob.header()...), rest.SlugNotFound)
	require.Equal(t, http.StatusCreated, report(bob, "course", course, "").status, "one can be blocked by whom one complains of")
}

func TestReportsOfCoursesAreDecided(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	decide := func(kind string, target uuid.UUID, decision string) answer {
		made := w.ok("POST", courseReports, fmt.Sprintf(`{"target_type":%q,"target_id":%q,"reason":"x"}`, kind, target), ada).json(t)
		return w.ok("POST", "/v1/admin/reports/"+made["id"].(string)+"/decision", fmt.Sprintf(`{"decision":%q}`, decision), boss)
	}
	fine := w.madePublic(eve, "Fine")
	decide("course", uuid.MustParse(fine), "dismiss")
	require.True(t, w.appears(ada, fine, "Fine"))

	hidden := w.madePublic(eve, "Ebb")
	decide("lesson", courses.LessonID(uuid.MustParse(hidden), 2), "hide")
	require.False(t, w.appears(ada, hidden, "Ebb"))
	require.Equal(t, "hidden", w.ok("GET", "/v1/courses/"+hidden, "", eve).json(t)["moderation_status"])
	w.problem(w.do("POST", courseReports, fmt.Sprintf(`{"target_type":"course","target_id":%q,"reason":"x"}`, hidden), ada.header()...), rest.SlugNotFound)

	gone := w.madePublic(eve, "Flood")
	decide("question", courses.ItemID(courses.LessonID(uuid.MustParse(gone), 1), 1), "delete")
	w.problem(w.do("GET", "/v1/courses/"+gone, "", eve.header()...), rest.SlugNotFound)
	require.Contains(t, string(w.ok("GET", "/v1/notifications", "", eve).body), "Your course was deleted")

	decide("item", courses.ItemID(courses.LessonID(uuid.MustParse(fine), 1), 1), "suspend")
	require.False(t, w.appears(ada, fine, "Fine"), "a suspended author's courses are gone")
	w.ok("DELETE", "/v1/admin/users/"+eve.id+"/suspension", "", boss)
	require.True(t, w.appears(ada, fine, "Fine"))
	require.Len(t, w.list("/v1/admin/audit?action=report.decided", boss), 4)
	require.Empty(t, w.list("/v1/admin/reports", boss))
}

func TestAdministratorsKeepCoursesInOrder(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve, boss := w.signUp("ada@example.com"), w.signUp("eve@example.com"), w.boss()
	course := w.madePublic(eve, "Tides")
	_, private := w.askFor(eve, "Ebb", "private")
	ids := func(query string) (all []any) {
		for _, c := range w.list(allCourses+query, boss) {
			all = append(all, c["id"])
		}
		return all
	}
	require.Equal(t, []any{private.String(), course}, ids(""))
	require.Equal(t, []any{course}, ids("/?status=READY"))
	require.Equal(t, []any{course}, ids("?visibility=public&owner="+eve.id))
	require.Empty(t, ids("?owner="+ada.id))
	first := w.ok("GET", allCourses+"?limit=1", "", boss)
	require.Equal(t, course, w.list(nextPath(first), boss)[0]["id"])
	require.Equal(t, "Ebb", w.ok("GET", allCourses+"/"+private.String(), "", boss).json(t)["topic"])
	w.problem(w.do("GET", allCourses+"/"+uuid.NewString(), "", boss.header()...), rest.SlugNotFound)
	w.problem(w.do("GET", "/v1/courses/"+private.String(), "", boss.header()...), rest.SlugNotFound)

	at := allCourses + "/" + course
	for range 2 {
		require.Equal(t, "held", w.ok("POST", at+"/hold", `{"reason":"Please cite your sources."}`, boss).json(t)["moderation_status"])
	}
	require.False(t, w.appears(ada, course, "Tides"))
	require.Equal(t, []any{course}, ids("?moderation=held"))
	require.Contains(t, string(w.ok("GET", "/v1/notifications", "", eve).body), "Please cite your sources.")
	require.Equal(t, "an administrator put it on hold", w.list("/v1/admin/held", boss)[0]["held_for"])
	require.Equal(t, "visible", w.ok("POST", at+"/restore", "", boss).json(t)["moderation_status"])
	require.True(t, w.appears(ada, course, "Tides"))
	require.Equal(t, "private", w.ok("POST", at+"/unpublish", "", boss).json(t)["visibility"])
	require.False(t, w.appears(ada, course, "Tides"))
	w.ok("POST", "/v1/courses/"+course+"/share", "", eve)
	require.True(t, w.appears(ada, course, "Tides"))
	require.Equal(t, http.StatusNoContent, w.ok("DELETE", at, "", boss).status)
	w.problem(w.do("GET", "/v1/courses/"+course, "", eve.header()...), rest.SlugNotFound)
	w.problem(w.do("DELETE", at, "", boss.header()...), rest.SlugNotFound)

	// A course that is being written: its run is cancelled.
	w.ok("DELETE", allCourses+"/"+private.String(), "", boss)
	var cancelled int64
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("action = ?", store.OutboxCancel).Count(&cancelled).Error)
	require.EqualValues(t, 1, cancelled)
	for action, times := range map[string]int{"course.held": 1, "course.restored": 1, "course.unpublished": 1, "course.deleted": 2, "course.read": 1} {
		lines := w.list("/v1/admin/audit?action="+action, boss)
		require.Len(t, lines, times, action)
		require.Equal(t, eve.id, lines[0]["user_id"])
		require.Equal(t, boss.id, lines[0]["actor_id"])
	}
	require.Len(t, w.list("/v1/notifications?limit=100", eve), 6, "a word on each act, and that one course was ready")
}
