package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/anishathalye/porcupine"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
)

// historyRound is what clients share in one round. Each has its own, so that what is not known stays little.
type historyRound struct {
	number   int
	learners []*learner
	posts    []string
	students []*student
	boss     *learner // an administrator
}

// student is a learner with a course, and what earns them points.
type student struct {
	*learner
	course    string
	items     []earner
	completed map[string]int // by lesson: its item
	begin     int64          // points before
	lessons   uint64
	known     map[string]bool // entries of the ledger before
}

// earner is something that earns points once: an award, a lesson or a quiz.
type earner struct {
	rule, source string // in the ledger; an award's source is its reason
	answers      []any  // of a quiz
}

// prepare makes everything that clients will share.
func (h *history) prepare(n int) (rounds []*historyRound) {
	h.t.Helper()
	boss := h.apis[0].register(h.t, "boss@example.com")
	_, _, err := h.operate("admin", "grant", "boss@example.com")
	require.NoError(h.t, err)
	crew := h.crew(4)
	for i := range n {
		r := &historyRound{number: i, learners: crew, boss: boss}
		for j := range 2 {
			body := object{"title": fmt.Sprintf("What tides do, %d", 2*i+j), "content": "They come and go, and come again.", "post_type": "discussion"}
			r.posts = append(r.posts, crew[j].call("POST", "/v1/community/posts", body, http.StatusOK)["id"].(string))
			l := h.apis[0].register(h.t, fmt.Sprintf("student%d-%d@example.com", i, j))
			made := l.call("POST", "/v1/courses/generate", object{"topic": "How tides work"}, http.StatusAccepted)
			h.accept(made)
			r.students = append(r.students, &student{learner: l, course: made["provisional_course_id"].(string), completed: map[string]int{}, known: map[string]bool{}})
		}
		rounds = append(rounds, r)
	}
	h.awaitQuiet(h.db)
	for _, r := range rounds {
		for _, s := range r.students {
			h.prepareStudent(s)
		}
	}
	return rounds
}

// prepareStudent finds what earns points. The last lesson is left out, so that no course is completed.
func (h *history) prepareStudent(s *student) {
	h.t.Helper()
	for i := range 4 {
		s.items = append(s.items, earner{rule: string(gamification.RuleAward), source: fmt.Sprintf("week %d", i)})
	}
	var lessons []courses.Lesson
	require.NoError(h.t, h.db.Order("position").Find(&lessons, "course_id = ?", s.course).Error)
	for _, l := range lessons[:len(lessons)-1] {
		s.completed[l.ID.String()] = len(s.items)
		s.lessons |= 1 << len(s.items)
		s.items = append(s.items, earner{rule: string(gamification.RuleLessonCompleted), source: l.ID.String()})
	}
	var items []courses.Item
	require.NoError(h.t, h.db.Order("id").Find(&items, "course_id = ? AND quiz <> '[]'", s.course).Error)
	require.NotEmpty(h.t, items)
	for _, item := range items {
		one := earner{rule: string(gamification.RuleQuizPassed), source: item.ID.String()}
		for _, q := range item.Quiz {
			one.answers = append(one.answers, object{"question_id": q.ID, "answer": rightAnswer(q)})
		}
		s.items = append(s.items, one)
	}
	var rows []struct {
		ID     string
		Points int64
	}
	require.NoError(h.t, h.db.Raw("SELECT id, points FROM ledger WHERE user_id = ?", s.id).Scan(&rows).Error)
	for _, r := range rows {
		s.known[r.ID], s.begin = true, s.begin+r.Points
	}
}

func rightAnswer(q courses.QuizQuestion) any {
	switch q.Kind {
	case gamification.MultipleChoice, gamification.Ordering:
		return q.Answers
	case gamification.ShortAnswer:
		return q.Accepted[0]
	}
	return q.Options[q.Answer]
}

// modelOf returns the model of a key, and operations that no client asked for: points that came by themselves.
func (h *history) modelOf(rounds []*historyRound, key string) (porcupine.Model, []porcupine.Operation) {
	h.t.Helper()
	switch {
	case strings.HasPrefix(key, "post/"):
		return likesModel, nil
	case strings.HasPrefix(key, "task/"):
		return taskModel, nil
	}
	for _, r := range rounds {
		for _, s := range r.students {
			if s.id == path.Base(key) {
				return h.modelOfPoints(s)
			}
		}
	}
	require.Fail(h.t, "no model", key)
	return porcupine.Model{}, nil
}

// modelOfPoints takes the worth of each item from the ledger. Other entries are of achievements and of the first event of
// a day, which come by themselves.
func (h *history) modelOfPoints(s *student) (porcupine.Model, []porcupine.Operation) {
	h.t.Helper()
	var rows []struct {
		ID, Rule, Source string
		Points           int64
	}
	query := "SELECT id, rule, CASE rule WHEN 'award' THEN reason ELSE source END AS source, points FROM ledger WHERE user_id = ? ORDER BY at"
	require.NoError(h.t, h.db.Raw(query, s.id).Scan(&rows).Error)
	worth := make([]int64, mostItems)
	var alone []porcupine.Operation
	for _, r := range rows {
		if s.known[r.ID] {
			continue
		}
		n := slices.IndexFunc(s.items, func(e earner) bool { return e.rule == r.Rule && e.source == r.Source })
		if n < 0 {
			n = len(s.items) + len(alone)
			alone = append(alone, porcupine.Operation{ClientId: historyClients, Input: earning{doEarn, n}, Output: earned{unknown: true}, Return: never})
		}
		require.Less(h.t, n, mostItems)
		require.Zero(h.t, worth[n], "%s %s is in the ledger twice", r.Rule, r.Source)
		worth[n] = r.Points
	}
	return pointsModel(s.begin, worth, s.lessons), alone
}

func (h *history) actOnLikes(ctx context.Context, client int) bool {
	user, post := h.draw(len(h.round.learners)), h.round.posts[h.draw(len(h.round.posts))]
	how := []struct{ do, method string }{{doSet, "PUT"}, {doClear, "DELETE"}, {doToggle, "POST"}, {doGet, "GET"}}[h.draw(4)]
	address, unknown := "/v1/community/posts/"+post, any(liked{unknown: true})
	if how.do == doGet {
		unknown = nil
	} else {
		address += "/like"
	}
	return h.write(client, "post/"+post, liking{how.do, user}, func() reply {
		return h.ask(ctx, client, h.round.learners[user], how.method, address, nil)
	}, func(got reply) (any, bool) {
		count, _ := got.body["likes_count"].(float64)
		mine, fine := got.body["user_liked"].(bool)
		return liked{count: int(count), mine: mine}, fine && got.status == http.StatusOK
	}, unknown)
}

func (h *history) actOnTasks(ctx context.Context, client int) bool {
	by := h.round.learners[h.draw(len(h.round.learners))]
	name := fmt.Sprintf("round-%d", h.round.number)
	id, course := courses.GenerationIDs(uuid.MustParse(by.id), &name)
	key := "task/" + id.String()
	switch what := h.draw(20); {
	case what < 6:
		topic := []string{"How tides work", "How moons form"}[h.draw(2)]
		return h.write(client, key, tasking{doCreate, topic}, func() reply {
			return h.ask(ctx, client, by, "POST", "/v1/courses/generate", object{"topic": topic}, "Idempotency-Key", name)
		}, func(got reply) (any, bool) {
			same := got.body["task_id"] == id.String() && got.body["provisional_course_id"] == course.String()
			out := tasked{status: got.status, replayed: got.header.Get("Idempotent-Replayed") == "true"}
			return out, got.status == http.StatusAccepted && same || got.status == http.StatusUnprocessableEntity
		}, tasked{})
	case what == 6:
		return h.write(client, key, tasking{do: doCancel}, func() reply {
			return h.ask(ctx, client, by, "POST", "/v1/tasks/"+id.String()+"/cancel", nil)
		}, func(got reply) (any, bool) {
			return tasked{status: got.status}, slices.Contains([]int{200, 404, 409}, got.status)
		}, tasked{})
	case what < 10:
		return h.actOnList(ctx, client, by, key, id.String())
	}
	return h.write(client, key, tasking{do: doSee}, func() reply {
		return h.ask(ctx, client, by, "GET", "/v1/tasks/"+id.String(), nil)
	}, func(got reply) (any, bool) {
		if got.status == http.StatusNotFound {
			return tasked{status: got.status}, true
		}
		return seenTask(got.body), got.status == http.StatusOK
	}, nil)
}

// actOnList looks for the task in the list of all.
func (h *history) actOnList(ctx context.Context, client int, by *learner, key, id string) bool {
	return h.write(client, key, tasking{do: doSee}, func() reply {
		return h.ask(ctx, client, by, "GET", "/v1/tasks?limit=100", nil)
	}, func(got reply) (any, bool) {
		var listed []object
		fine := got.status == http.StatusOK && json.Unmarshal([]byte(got.text), &listed) == nil
		for _, one := range listed {
			if one["task_id"] == id {
				return seenTask(one), fine
			}
		}
		return tasked{status: http.StatusNotFound}, fine
	}, nil)
}

func seenTask(body object) tasked {
	seq, _ := body["seq"].(float64)
	out := tasked{status: http.StatusOK, seq: int64(seq)}
	if body["completed_at"] != nil {
		out.end, _ = body["status"].(string)
	}
	return out
}

func (h *history) actOnPoints(ctx context.Context, client int) bool {
	s := h.round.students[h.draw(len(h.round.students))]
	key := "points/" + s.id
	if h.draw(2) == 0 {
		return h.actOnTotals(ctx, client, s, key)
	}
	n := h.draw(len(s.items))
	item, unknown := s.items[n], earned{unknown: true}
	switch item.rule {
	case string(gamification.RuleAward):
		body := object{"user_id": s.id, "points": 10 + n, "reason": item.source}
		return h.write(client, key, earning{doAward, n}, func() reply {
			return h.ask(ctx, client, h.round.boss, "POST", "/v1/gamification/award-points", body, "Idempotency-Key", s.id+strings.ReplaceAll(item.source, " ", "-"))
		}, func(got reply) (any, bool) {
			before, _ := got.body["old_points"].(float64)
			total, fine := got.body["new_points"].(float64)
			return earned{replayed: got.header.Get("Idempotent-Replayed") == "true", before: int64(before), total: int64(total)}, fine && got.status == http.StatusOK
		}, unknown)
	case string(gamification.RuleLessonCompleted):
		return h.write(client, key, earning{doEarn, n}, func() reply {
			return h.ask(ctx, client, s.learner, "POST", "/v1/courses/"+s.course+"/lessons/"+item.source+"/complete", object{"minutes": 3})
		}, s.readProgress, unknown)
	}
	return h.write(client, key, earning{doEarn, n}, func() reply {
		return h.ask(ctx, client, s.learner, "POST", "/v1/courses/"+s.course+"/items/"+item.source+"/attempts", object{"answers": item.answers})
	}, func(got reply) (any, bool) { return earned{}, got.body["passed"] == true }, unknown)
}

// actOnTotals reads the points, or the completed lessons.
func (h *history) actOnTotals(ctx context.Context, client int, s *student, key string) bool {
	if h.draw(3) == 0 {
		return h.write(client, key, earning{do: doCompleted}, func() reply {
			return h.ask(ctx, client, s.learner, "GET", "/v1/courses/"+s.course+"/progress", nil)
		}, s.readProgress, nil)
	}
	return h.write(client, key, earning{do: doTotal}, func() reply {
		return h.ask(ctx, client, s.learner, "GET", "/v1/gamification/profile", nil)
	}, func(got reply) (any, bool) {
		total, fine := got.body["total_points"].(float64)
		return earned{total: int64(total)}, fine && got.status == http.StatusOK
	}, nil)
}

func (s *student) readProgress(got reply) (any, bool) {
	var out earned
	done, fine := got.body["completed_lessons"].([]any)
	for _, lesson := range done {
		id, _ := lesson.(string)
		n, known := s.completed[id]
		fine = fine && known
		out.lessons |= 1 << n
	}
	return out, fine && got.status == http.StatusOK
}
