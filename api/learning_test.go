package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// published creates a READY course of a user, with quizzes of every kind in its first lesson.
func (w *testEnv) published(p person) (course uuid.UUID, lessons []uuid.UUID) {
	w.t.Helper()
	task, course := w.ask(p, "Tides")
	w.finish(task, course)
	for n := 1; n <= 3; n++ {
		lessons = append(lessons, courses.LessonID(course, n))
	}
	now, half := w.server.Now(), 0.5
	require.NoError(w.t, w.server.DB.Create(&courses.Item{
		ID: courses.ItemID(lessons[0], 7), CourseID: course, LessonID: lessons[0], Position: 7, Type: "quiz", Title: "All kinds", Source: "lyo",
		DifficultyLevel: "beginner", Language: "en", CreatedAt: now, PassMark: &half,
		Quiz: []courses.QuizQuestion{
			{ID: "a", Kind: "single_choice", Prompt: "One?", Options: []string{"x", "secret-one"}, Answer: 1, Explanation: "secret-why"},
			{ID: "b", Kind: "multiple_choice", Prompt: "Some?", Options: []string{"x", "y", "z"}, Answers: []int{0, 2}},
			{ID: "c", Kind: "true_false", Prompt: "True?", Answer: 1},
			{ID: "d", Kind: "short_answer", Prompt: "What?", Accepted: []string{"secret-word"}},
			{ID: "e", Kind: "ordering", Prompt: "Order?", Options: []string{"x", "y", "z"}, Answers: []int{1, 2, 0}},
		},
	}).Error)
	require.NoError(w.t, w.server.DB.Exec(`UPDATE lessons SET key_terms = '[{"term":"Ebb","definition":"Water that leaves."}]' WHERE course_id = ?`, course).Error)
	return course, lessons
}

func TestProgressOfACourse(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	owner, ada := w.signUp("owner@example.com"), w.signUp("ada@example.com")
	course, lessons := w.published(owner)
	path := "/v1/courses/" + course.String()
	begun := w.do("GET", path+"/progress", "", ada.header()...).json(t)
	require.Equal(t, []any{0.0, nil, []any{}, lessons[0].String()}, []any{begun["progress_percent"], begun["started_at"], begun["completed_lessons"], begun["current_lesson_id"]})
	body := fmt.Sprintf(`{"lesson_id":%q,"completed":true,"minutes":12,"occurred_at":"2026-10-31T12:00:00Z"}`, lessons[0])
	for range 2 {
		a := w.do("PUT", path+"/progress", body, append(ada.header(), "Idempotency-Key", "k1")...)
		require.Equal(t, 200, a.status, string(a.body))
		v := a.json(t)
		require.Equal(t, []any{33.0, 12.0, "2026-10-31T12:00:00Z"}, []any{v["progress_percent"], v["time_spent_minutes"], v["started_at"]})
	}
	w.problem(w.do("PUT", path+"/progress", strings.Replace(body, "12,", "13,", 1), append(ada.header(), "Idempotency-Key", "k1")...), rest.SlugReusedKey)
	require.Equal(t, 200, w.do("POST", path+"/lessons/"+lessons[1].String()+"/complete", "", ada.header()...).status)
	v := w.do("POST", path+"/lessons/"+lessons[2].String()+"/complete", `{"minutes":3}`, ada.header()...).json(t)
	require.Equal(t, []any{100.0, 15.0}, []any{v["progress_percent"], v["time_spent_minutes"]})
	require.NotNil(t, v["completed_at"])
	for _, l := range w.do("GET", path, "", ada.header()...).json(t)["lessons"].([]any) {
		require.Equal(t, true, l.(map[string]any)["is_completed"])
	}
	for _, l := range w.do("GET", path, "", owner.header()...).json(t)["lessons"].([]any) {
		require.Equal(t, false, l.(map[string]any)["is_completed"])
	}
	stats := w.do("GET", "/v1/users/me/stats", "", ada.header()...).json(t)
	require.Equal(t, []any{170.0, 1.0, 2.0, 1.0}, []any{stats["total_points"], stats["level"], stats["current_streak_days"], stats["courses_completed"]})
	w.problem(w.do("PUT", path+"/progress", fmt.Sprintf(`{"lesson_id":%q}`, store.NewID()), ada.header()...), rest.SlugNotFound)
	w.problem(w.do("PUT", path+"/progress", fmt.Sprintf(`{"lesson_id":%q,"minutes":-1}`, lessons[0]), ada.header()...), rest.SlugValidation)
	_, writing := w.ask(owner, "Moons")
	w.problem(w.do("GET", "/v1/courses/"+writing.String()+"/progress", "", ada.header()...), rest.SlugNotFound)
}

func TestQuizzesOfEveryKind(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	owner, ada := w.signUp("owner@example.com"), w.signUp("ada@example.com")
	course, lessons := w.published(owner)
	path := "/v1/courses/" + course.String()
	shown := string(w.do("GET", path, "", ada.header()...).body)
	for _, secret := range []string{"secret-why", "secret-word", "secret-explanation", `"answer"`, `"answers"`, `"accepted"`} {
		require.NotContains(t, shown, secret)
	}
	require.Contains(t, shown, `"pass_mark":0.5`)
	attempts := path + "/items/" + courses.ItemID(lessons[0], 7).String() + "/attempts"
	right := `{"answers":[{"question_id":"e","answer":["y","z","x"]},{"question_id":"a","answer":1},{"question_id":"b","answer":[2,0]},{"question_id":"c","answer":false},{"question_id":"d","answer":" Secret-Word. "}]}`
	for _, row := range []struct {
		body   string
		score  float64
		passed bool
	}{
		{`{"answers":[]}`, 0, false},
		{`{"answers":[1,[0],true,"perhaps",[0,1,2]]}`, 0.2, false},
		{`{"answers":[1,[0,2],false]}`, 0.6, true},
		{right, 1, true},
	} {
		a := w.do("POST", attempts, row.body, ada.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		v := a.json(t)
		require.InDelta(t, row.score, v["score"], 1e-9, row.body)
		require.Equal(t, row.passed, v["passed"])
		results := v["results"].([]any)
		require.Len(t, results, 5)
		if row.score > 0 { // its first answer is to the question with an explanation
			require.Equal(t, "secret-why", results[0].(map[string]any)["explanation"])
		} else {
			require.NotContains(t, string(a.body), "secret")
		}
	}
	require.EqualValues(t, 20, w.do("GET", "/v1/gamification/profile", "", ada.header()...).json(t)["total_points"], "passed twice, earned once")
	for _, bad := range []string{`{"answers":[{"question_id":"z","answer":1}]}`, `{"answers":[1,1,1,1,1,1]}`, `{"answers":[{"question_id":"a","answer":1},{"question_id":"a","answer":1}]}`} {
		w.problem(w.do("POST", attempts, bad, ada.header()...), rest.SlugValidation)
	}
	w.problem(w.do("POST", path+"/items/"+store.NewID().String()+"/attempts", right, ada.header()...), rest.SlugNotFound)
	keyed := append(ada.header(), "Idempotency-Key", "try")
	first, again := w.do("POST", attempts, right, keyed...).json(t), w.do("POST", attempts, right, keyed...).json(t)
	require.Equal(t, first, again)
}

// TestWhatIsNotAnsweredIsNotExplained checks results and cards, for every form of a blank answer.
func TestWhatIsNotAnsweredIsNotExplained(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	course, lessons := w.published(ada)
	path := "/v1/courses/" + course.String()
	require.Equal(t, 200, w.do("POST", path+"/lessons/"+lessons[0].String()+"/complete", "", ada.header()...).status)
	attempts := path + "/items/" + courses.ItemID(lessons[0], 7).String() + "/attempts"
	for _, blank := range []string{
		`[]`, `[null,null,null,null,null]`, `["",[],"",""," "]`, `[-1,[-1],"perhaps"," . ",[]]`, `[99,[99],[true],[],[99]]`, `[1.5,"","maybe"]`,
		`[{"question_id":"a"},{"question_id":"b","answer":null},{"question_id":"d","answer":""}]`,
	} {
		a := w.do("POST", attempts, `{"answers":`+blank+`}`, ada.header()...)
		require.Equal(t, 200, a.status, string(a.body))
		require.NotContains(t, string(a.body), "secret", blank)
	}
	require.Len(t, w.list("/v1/reviews/due", ada), 1, "the key term, and no question")
	a := w.do("POST", attempts, `{"answers":[{"question_id":"d","answer":"no idea"}]}`, ada.header()...)
	require.NotContains(t, string(a.body), "secret-why", "the answer to another question explains nothing")
	cards := w.list("/v1/reviews/due", ada)
	require.Len(t, cards, 2)
	require.NotContains(t, fmt.Sprint(cards), "secret-one")
	require.Contains(t, fmt.Sprint(cards), "secret-word")
	a = w.do("POST", attempts, `{"answers":[0]}`, ada.header()...)
	require.Contains(t, string(a.body), "secret-why", "a wrong answer is one")
	require.Contains(t, fmt.Sprint(w.list("/v1/reviews/due", ada)), "secret-one")
}

// TestCardsOfAnswersGivenBefore: a quiz answered before its lesson is completed makes cards at the completion.
func TestCardsOfAnswersGivenBefore(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	course, lessons := w.published(ada)
	path := "/v1/courses/" + course.String()
	attempts := path + "/items/" + courses.ItemID(lessons[0], 7).String() + "/attempts"
	for _, answers := range []string{`[0]`, `[null,[0]]`, `[0]`} {
		require.Equal(t, 200, w.do("POST", attempts, `{"answers":`+answers+`}`, ada.header()...).status)
	}
	require.Empty(t, w.list("/v1/reviews/due", ada))
	require.Equal(t, 200, w.do("POST", path+"/lessons/"+lessons[0].String()+"/complete", "", ada.header()...).status)
	require.Len(t, w.list("/v1/reviews/due", ada), 1+2)
}

func TestReviewsOverHTTP(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	course, lessons := w.published(ada)
	path := "/v1/courses/" + course.String()
	for _, lesson := range lessons {
		require.Equal(t, 200, w.do("POST", path+"/lessons/"+lesson.String()+"/complete", "", ada.header()...).status)
	}
	require.Equal(t, 200, w.do("POST", path+"/items/"+courses.ItemID(lessons[0], 7).String()+"/attempts", `{"answers":[0,[0],true,"perhaps",["x"]]}`, ada.header()...).status)
	seen := map[any]bool{}
	for next := "/v1/reviews/due?limit=3"; next != ""; {
		a := w.do("GET", next, "", ada.header()...)
		for _, card := range a.array(t) {
			require.False(t, seen[card["id"]])
			seen[card["id"]] = true
			require.NotEmpty(t, card["back"])
		}
		next = nextPath(a)
	}
	require.Len(t, seen, 3+5, "three terms, and the five questions that were answered")
	card := w.list("/v1/reviews/due", ada)[0]
	a := w.do("POST", "/v1/reviews/"+card["id"].(string), `{"rating":"easy"}`, ada.header()...)
	require.Equal(t, 200, a.status, string(a.body))
	require.Greater(t, a.json(t)["due_at"], "2026-11-02")
	stats := w.do("GET", "/v1/reviews/stats", "", ada.header()...).json(t)
	require.Equal(t, []any{8.0, 7.0, 7.0, 1.0, 1.0, 1.0, nil}, []any{
		stats["total_cards"], stats["due_now"], stats["due_today"], stats["mature_cards"], stats["reviewed_today"], stats["total_reviews"], stats["retention_rate"],
	})
	w.problem(w.do("POST", "/v1/reviews/"+card["id"].(string), `{"rating":"perfect"}`, ada.header()...), rest.SlugValidation)
}

func TestKeysOfLearningAreTheirOwners(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	course, lessons := w.published(ada)
	path := "/v1/courses/" + course.String() + "/progress"
	for _, p := range []person{ada, eve} {
		for n := range 2 {
			body := fmt.Sprintf(`{"lesson_id":%q,"completed":false,"minutes":5}`, lessons[0])
			v := w.do("PUT", path, body, append(p.header(), "Idempotency-Key", "the-same")...).json(t)
			require.EqualValues(t, 5, v["time_spent_minutes"], n)
			require.Equal(t, p.id, v["user_id"])
		}
	}
}

func TestAdministratorsGivePoints(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	boss, ada := w.signUp("boss@example.com"), w.signUp("ada@example.com")
	path := "/v1/gamification/award-points"
	body := fmt.Sprintf(`{"user_id":%q,"points":1200,"reason":"well done"}`, ada.id)
	w.problem(w.do("POST", path, body, ada.header()...), rest.SlugDenied)
	w.problem(w.do("POST", path, body), rest.SlugAuth)
	w.setRole(boss, true)
	w.problem(w.do("POST", path, "", boss.header()...), rest.SlugValidation)
	for _, bad := range []string{`{"user_id":"x","points":1,"reason":"r"}`, fmt.Sprintf(`{"user_id":%q,"points":0,"reason":"r"}`, ada.id), fmt.Sprintf(`{"user_id":%q,"points":100001,"reason":"r"}`, ada.id), fmt.Sprintf(`{"user_id":%q,"points":5}`, ada.id)} {
		w.problem(w.do("POST", path, bad, boss.header()...), rest.SlugValidation)
	}
	w.problem(w.do("POST", path, strings.Replace(body, ada.id, store.NewID().String(), 1), boss.header()...), rest.SlugNotFound)
	want := map[string]any{"message": "The points are given.", "user_id": ada.id, "reason": "well done", "old_points": 0.0, "new_points": 1200.0, "level_up": true, "new_level": 2.0}
	for n := range 3 {
		a := w.do("POST", path, body, append(boss.header(), "Idempotency-Key", "bonus")...)
		require.Equal(t, 200, a.status, string(a.body))
		require.Equal(t, want, a.json(t))
		require.Equal(t, n > 0, a.header.Get("Idempotent-Replayed") == "true")
	}
	w.problem(w.do("POST", path, strings.Replace(body, "1200", "1201", 1), append(boss.header(), "Idempotency-Key", "bonus")...), rest.SlugReusedKey)
	v := w.do("POST", path+"?user_id="+ada.id+"&points=5&reason=more", "", boss.header()...).json(t)
	require.Equal(t, []any{1200.0, 1205.0, false}, []any{v["old_points"], v["new_points"], v["level_up"]})
	var enqueued int64
	require.NoError(t, w.server.DB.Model(&store.OutboxMessage{}).Where("workflow = 'UnlockAchievements'").Count(&enqueued).Error)
	require.EqualValues(t, 1, enqueued, "the second award reaches nothing")
	log := w.list("/v1/admin/audit?action=points.awarded&user_id="+ada.id, boss)
	require.Len(t, log, 2)
}

// boardsEnv is a server with four learners of 100 points each, in the order in which they got them.
type boardsEnv struct {
	*testEnv

	boss   person
	people []person
}

func newBoardsEnv(t *testing.T, with redis.UniversalClient) *boardsEnv {
	t.Helper()
	b := &boardsEnv{testEnv: newTestEnv(t, func(d *Deps) { d.Redis = with })}
	b.boss = b.signUp("boss@example.com")
	b.setRole(b.boss, true)
	for _, name := range []string{"a", "b", "c", "d"} {
		b.people = append(b.people, b.signUp(name+"@example.com"))
		b.award(b.people[len(b.people)-1], 100)
	}
	if with != nil {
		rebuilt := boards.Boards{DB: b.server.DB, Redis: with, Clock: b.server.Clock, Log: b.server.Log}
		_, err := rebuilt.Build(context.Background(), nil, func() {})
		require.NoError(t, err)
	}
	return b
}

func (b *boardsEnv) award(p person, points int) {
	b.t.Helper()
	b.clock.advance(time.Second)
	a := b.do("POST", "/v1/gamification/award-points", fmt.Sprintf(`{"user_id":%q,"points":%d,"reason":"r"}`, p.id, points), b.boss.header()...)
	require.Equal(b.t, 200, a.status, string(a.body))
}

func (b *boardsEnv) board(p person, query string) map[string]any {
	b.t.Helper()
	a := b.do("GET", "/v1/gamification/leaderboard"+query, "", p.header()...)
	require.Equal(b.t, http.StatusOK, a.status, string(a.body))
	return a.json(b.t)
}

// order returns the numbers of the people on a board, from the top.
func (b *boardsEnv) order(board map[string]any) (numbers []int) {
	for _, e := range board["entries"].([]any) {
		for i, p := range b.people {
			if p.id == e.(map[string]any)["user_id"] {
				numbers = append(numbers, i)
			}
		}
	}
	return numbers
}

// TestBoardsOverHTTP expects the same responses with Redis and without.
func TestBoardsOverHTTP(t *testing.T) {
	t.Parallel()
	for _, with := range []redis.UniversalClient{nil, storetest.Redis(t)} {
		w := newBoardsEnv(t, with)
		v := w.board(w.people[3], "?limit=2")
		require.Equal(t, []int{0, 1}, w.order(v), "who got there first")
		require.Equal(t, []any{4.0, 4.0}, []any{v["current_user_rank"], v["total_participants"]})
		w.award(w.people[3], 1)
		require.Equal(t, []int{3, 0, 1, 2}, w.order(w.board(w.people[0], "?timeframe=weekly")), "at once")
		require.Equal(t, []int{1, 2}, w.order(w.board(w.people[2], "?around_me=true&limit=2")))
		require.Nil(t, w.board(w.boss, "")["current_user_rank"])
		require.Empty(t, w.board(w.boss, "?leaderboard_type=achievements&timeframe=monthly")["entries"])
		require.Equal(t, 200, w.do("PUT", "/v1/users/me", `{"leaderboard_hidden":true}`, w.people[0].header()...).status)
		v = w.board(w.people[0], "?leaderboard_type=level")
		require.Equal(t, []int{1, 2, 3}, w.order(v), "hidden at once; the level was reached with the first points")
		require.Nil(t, v["current_user_rank"])
		require.Equal(t, true, w.do("GET", "/v1/gamification/profile", "", w.people[0].header()...).json(t)["leaderboard_hidden"])
		stats := w.do("GET", "/v1/gamification/stats", "", w.people[3].header()...).json(t)
		require.Equal(t, []any{4.0, 401.0, 1.0, 1.0, 8.0, 1.0}, []any{
			stats["total_active_learners"], stats["total_points_awarded"], stats["highest_level_achieved"], stats["your_global_rank"], stats["achievements_available"], stats["average_level"],
		})
		profile := w.do("GET", "/v1/gamification/profile", "", w.people[3].header()...).json(t)
		require.Equal(t, []any{1.0, 101.0, 899.0, 101.0, 1000.0}, []any{
			profile["rank_position"], profile["xp"], profile["xp_to_next_level"], profile["level_progress_current"], profile["level_progress_target"],
		})
		all := w.list("/v1/gamification/achievements", w.people[3])
		require.Len(t, all, 8)
		require.Equal(t, []any{"points_1000", 101.0, 1000.0, false}, []any{all[5]["id"], all[5]["progress_current"], all[5]["progress_target"], all[5]["is_unlocked"]})
		require.Empty(t, w.list("/v1/gamification/achievements?show_locked=false", w.people[3]))
		w.problem(w.do("POST", "/v1/gamification/streak/freeze", "", w.people[3].header()...), rest.SlugConflict)
	}
}

// TestABoardIsSharedByWhoSeesAllOfIt changes what viewers may see of a page that the process remembers, while its
// stamp stays.
func TestABoardIsSharedByWhoSeesAllOfIt(t *testing.T) {
	t.Parallel()
	w := newBoardsEnv(t, storetest.Redis(t))
	names := func(p person) (names []string) {
		for _, e := range w.board(p, "")["entries"].([]any) {
			names = append(names, e.(map[string]any)["username"].(string))
		}
		return names
	}
	for range 2 {
		for _, p := range w.people {
			require.Equal(t, []int{0, 1, 2, 3}, w.order(w.board(p, "")))
		}
	}
	require.Equal(t, 200, w.do("PUT", "/v1/users/me", `{"full_name":"Somebody Else"}`, w.people[1].header()...).status)
	require.Equal(t, "Somebody Else", names(w.people[0])[1])
	block := "/v1/community/blocks/" + w.people[2].id
	require.Equal(t, 204, w.do("PUT", block, "", w.people[0].header()...).status)
	for range 2 {
		require.Equal(t, []int{0, 1, 3}, w.order(w.board(w.people[0], "")))
		require.Equal(t, []int{1, 2, 3}, w.order(w.board(w.people[2], "")))
		require.Equal(t, []int{0, 1, 2, 3}, w.order(w.board(w.people[3], "")))
	}
	require.Equal(t, 204, w.do("DELETE", block, "", w.people[0].header()...).status)
	require.Equal(t, []int{0, 1, 2, 3}, w.order(w.board(w.people[0], "")))
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = false WHERE id = ?", w.people[3].id).Error)
	for range 2 {
		require.Equal(t, []int{0, 1, 2}, w.order(w.board(w.people[1], "")))
	}
	require.NoError(t, w.server.DB.Exec("UPDATE users SET is_active = true WHERE id = ?", w.people[3].id).Error)
	require.Equal(t, []int{0, 1, 2, 3}, w.order(w.board(w.people[1], "")))
}
