package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/courses"
)

// TestFaultActionsAddUp has learners do a hundred thousand things of all kinds while worker and API processes are
// killed, and counts everything again. It measures, so that nothing runs beside its full form.
func TestFaultActionsAddUp(t *testing.T) {
	if !*full {
		t.Parallel()
	}
	r := newRecount(t, sized(300, 16))
	r.act(sized(100_000, 2000), sized(40, 4))
	r.requireConfirmed()
	r.requireSound()
	r.requireUnlocks()
	r.requireNothingMissed()
	r.requireBoardsInRedis()
	r.requireFound(sized(300, 60))
}

// recount is learners whose actions are counted again.
type recount struct {
	*faultEnv
	client   *http.Client
	boss     *learner
	learners []*learner
	lessons  []quizzed
	sent     atomic.Int64

	mu        sync.Mutex
	apis      []*api   // those that answer; a killed one is replaced
	dead      []outage // when there was no worker
	answers   map[string]int
	scandals  []string
	confirmed map[string][]string // ids of rows, by table
	awards    int
	posts     []ownPost
	withdrawn []ownPost
}

// outage is a time without a worker that polls.
type outage struct{ from, to time.Time }

// ownPost is a post with a word that no other has.
type ownPost struct {
	id, word string
	by       *learner
}

// quizzed is a lesson of a public course, and its quiz.
type quizzed struct {
	course, lesson, quiz string
	right, wrong         []any
}

// moreAchievements are such as a hundred actions reach, of one fact and of several.
const moreAchievements = `[
	{"id": "points_300", "name": "Some points", "description": "300 points.", "achievement_type": "skill_mastery", "rarity": "common", "points_reward": 10, "criteria": {"fact": "points", "at_least": 300}},
	{"id": "points_2500", "name": "Many points", "description": "2,500 points.", "achievement_type": "skill_mastery", "rarity": "rare", "points_reward": 0, "criteria": {"fact": "points", "at_least": 2500}},
	{"id": "level_2", "name": "Up", "description": "Level 2.", "achievement_type": "skill_mastery", "rarity": "common", "points_reward": 5, "criteria": {"fact": "level", "at_least": 2}},
	{"id": "both", "name": "Both", "description": "Lessons and quizzes.", "achievement_type": "skill_mastery", "rarity": "rare", "points_reward": 20, "criteria": {"all": [{"fact": "lessons_completed", "at_least": 2}, {"fact": "quizzes_passed", "at_least": 2}]}},
	{"id": "either", "name": "Either", "description": "Reviews or comments.", "achievement_type": "skill_mastery", "rarity": "rare", "points_reward": 20, "criteria": {"any": [{"fact": "reviews", "at_least": 3}, {"fact": "comments_on_others", "at_least": 5}]}},
	{"id": "collector", "name": "Collector", "description": "Five others.", "achievement_type": "skill_mastery", "rarity": "epic", "points_reward": 30, "criteria": {"fact": "achievements", "at_least": 5}}]`

// newRecount returns an environment with two APIs, a worker, an administrator, learners and public courses.
func newRecount(t *testing.T, learners int) *recount {
	t.Helper()
	s := newFaultEnv(t, nil)
	r := &recount{faultEnv: s, answers: map[string]int{}, confirmed: map[string][]string{}, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	t.Cleanup(r.client.CloseIdleConnections)
	r.apis = []*api{s.addAPI(), s.addAPI()}
	file := filepath.Join(s.dir, "achievements.json")
	require.NoError(t, os.WriteFile(file, []byte(moreAchievements), 0o600))
	out, err := s.lyo("admin", "achievements", "apply", file)
	require.NoError(t, err, out)
	r.noteCommits()
	r.startReadyWorker()
	r.learners = s.crew(learners)
	r.boss = s.administrator()
	r.publish(sized(4, 2))
	return r
}

// administrator registers one.
func (s *faultEnv) administrator() *learner {
	s.t.Helper()
	const email, password = "boss@example.com", "correct horse battery"
	boss := s.apis[0].register(s.t, email)
	out, err := s.lyo("admin", "grant", email)
	require.NoError(s.t, err, out)
	signed := boss.call(http.MethodPost, "/v1/auth/login", object{"email": email, "password": password}, http.StatusOK)
	boss.token, _ = signed["access_token"].(string)
	return boss
}

// publish has learners write public courses, and notes their lessons and quizzes.
func (r *recount) publish(n int) {
	r.t.Helper()
	tasks := make([]string, n)
	for i := range tasks {
		made := r.learners[i].call(http.MethodPost, "/v1/courses/generate", object{"topic": fmt.Sprintf("How tides work, part %d", i), "visibility": "public"}, http.StatusAccepted)
		tasks[i] = r.accept(made)
	}
	for i, task := range tasks {
		require.Equal(r.t, "DONE", r.learners[i].await(task)["state"])
	}
	var rows []struct{ CourseID, LessonID, ID, Quiz string }
	require.NoError(r.t, r.db.Raw("SELECT course_id, lesson_id, id, quiz FROM items WHERE type = 'quiz' AND lesson_id IS NOT NULL").Scan(&rows).Error)
	for _, row := range rows {
		var questions []courses.QuizQuestion
		require.NoError(r.t, json.Unmarshal([]byte(row.Quiz), &questions))
		at := quizzed{course: row.CourseID, lesson: row.LessonID, quiz: row.ID}
		for _, q := range questions {
			at.right, at.wrong = append(at.right, rightAnswer(q)), append(at.wrong, "none of these")
		}
		r.lessons = append(r.lessons, at)
	}
	require.NotEmpty(r.t, r.lessons)
}

// startReadyWorker starts a worker and returns once it polls.
func (r *recount) startReadyWorker() {
	r.t.Helper()
	port := freePort(r.t)
	r.worker = r.start("worker", 1, fmt.Sprintf("LYO_METRICS_PORT=%d", port))
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	require.NoError(r.t, local.AwaitReady(ctx, r.worker, answersAt(fmt.Sprintf("http://127.0.0.1:%d/ready", port))))
}

// act has learners act so many times, while processes are killed so many times: the worker and the APIs in turn.
func (r *recount) act(actions, kills int) {
	r.t.Helper()
	began := time.Now()
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for n := r.sent.Add(1); n <= int64(actions) && r.t.Context().Err() == nil; n = r.sent.Add(1) {
				r.once(int(n))
				r.endure(r.drawTime(0, sized(100*time.Millisecond, 40*time.Millisecond))) // the worker has a share of the machine
			}
		})
	}
	for i := 1; i <= kills; i++ {
		require.Eventually(r.t, func() bool { return r.sent.Load() >= int64(actions*i/(kills+1)) }, patience, 5*time.Millisecond, "learners get no answers")
		if i%2 == 1 {
			r.replaceWorker()
		} else {
			r.replaceAPI(&r.mu, r.apis, i/2%len(r.apis))
		}
	}
	all.Wait()
	r.faultEnv.apis = r.apis
	for _, name := range slices.Sorted(maps.Keys(r.answers)) {
		r.t.Logf("%s: %d", name, r.answers[name])
	}
	r.t.Logf("%d actions in %v, with %d kills", actions, time.Since(began).Round(time.Millisecond), kills)
	require.Empty(r.t, r.scandals)
}

func (r *recount) replaceWorker() {
	r.t.Helper()
	from := time.Now()
	kill(r.t, r.worker)
	r.endure(r.drawTime(0, time.Second))
	r.startReadyWorker()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dead = append(r.dead, outage{from, time.Now()})
}

// countedAct is an action, and how often it is done in comparison with others.
type countedAct struct {
	name  string
	share int
	do    func(*recount, context.Context, *learner, int) reply
}

var countedActs = []countedAct{
	{"award", 8, (*recount).award},
	{"lesson", 6, (*recount).lesson},
	{"quiz", 6, (*recount).quiz},
	{"review", 4, (*recount).review},
	{"post", 4, (*recount).write},
	{"comment", 8, (*recount).comment},
	{"like", 8, (*recount).like},
	{"withdraw", 1, (*recount).withdraw},
}

// once has a learner do one thing. An answer may be missing, since processes are killed; what came must be a good one.
func (r *recount) once(n int) {
	at := 0
	for _, a := range countedActs {
		at += a.share
	}
	var a countedAct
	for at = r.draw(at); ; at -= a.share {
		if a = countedActs[n%len(countedActs)]; at < a.share {
			break
		}
		n++
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), time.Minute)
	defer cancel()
	got := a.do(r, ctx, r.learners[r.draw(len(r.learners))], n)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[fmt.Sprintf("%s %d", a.name, got.status)]++
	busy := got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != ""
	if got.status >= http.StatusBadRequest && !busy && got.status != http.StatusNotFound { // a post may have been withdrawn
		r.scandals = append(r.scandals, fmt.Sprintf("%s: %d %s", a.name, got.status, got.text))
	}
}

// ask sends a request through one of the APIs.
func (r *recount) ask(ctx context.Context, l *learner, method, path string, body any, headers ...string) reply {
	r.mu.Lock()
	at := r.apis[int(r.sent.Load())%len(r.apis)]
	r.mu.Unlock()
	return l.at(at).tryWith(ctx, r.client, method, path, body, headers...)
}

// confirm notes that a row must be there.
func (r *recount) confirm(table string, id any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.confirmed[table] = append(r.confirmed[table], fmt.Sprint(id))
}

// award gives points under a key, and is asked for again until there is an answer.
func (r *recount) award(ctx context.Context, l *learner, n int) reply {
	r.mu.Lock()
	r.awards++
	key := "award-" + strconv.Itoa(r.awards)
	r.mu.Unlock()
	body := object{"user_id": l.id, "points": 20 + n%60, "reason": "a good day"}
	for {
		got := r.ask(ctx, r.boss, http.MethodPost, "/v1/gamification/award-points", body, "Idempotency-Key", key)
		if got.status == http.StatusOK || ctx.Err() != nil || got.status != 0 && got.status != http.StatusServiceUnavailable {
			return got
		}
		r.endure(10 * time.Millisecond)
	}
}

func (r *recount) lesson(ctx context.Context, l *learner, _ int) reply {
	at := r.lessons[r.draw(len(r.lessons))]
	got := r.ask(ctx, l, http.MethodPut, "/v1/courses/"+at.course+"/progress", object{"lesson_id": at.lesson, "completed": true, "minutes": 3})
	if got.status == http.StatusOK {
		r.confirm("lesson_completions", l.id+" "+at.lesson)
	}
	return got
}

func (r *recount) quiz(ctx context.Context, l *learner, _ int) reply {
	at := r.lessons[r.draw(len(r.lessons))]
	answers := at.right
	if r.draw(3) == 0 {
		answers = at.wrong
	}
	got := r.ask(ctx, l, http.MethodPost, "/v1/courses/"+at.course+"/items/"+at.quiz+"/attempts", object{"answers": answers})
	if got.status == http.StatusOK {
		r.confirm("quiz_attempts", got.body["id"])
	}
	return got
}

// review reviews the first card that is due; where there is none, it has looked.
func (r *recount) review(ctx context.Context, l *learner, _ int) reply {
	due := r.ask(ctx, l, http.MethodGet, "/v1/reviews/due?limit=1", nil)
	var cards []struct{ ID string }
	if due.status != http.StatusOK || json.Unmarshal([]byte(due.text), &cards) != nil || len(cards) == 0 {
		return due
	}
	return r.ask(ctx, l, http.MethodPost, "/v1/reviews/"+cards[0].ID, object{"rating": "good"})
}

func (r *recount) write(ctx context.Context, l *learner, n int) reply {
	word := fmt.Sprintf("quay%squay", strconv.FormatInt(int64(r.draw(1<<40)), 36))
	body := object{"title": fmt.Sprintf("What tides do, %d", n), "content": "They come and go by the " + word + ".", "post_type": "discussion"}
	got := r.ask(ctx, l, http.MethodPost, "/v1/community/posts", body)
	if id, _ := got.body["id"].(string); got.status == http.StatusOK {
		r.confirm("posts", id)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.posts = append(r.posts, ownPost{id, word, l})
	}
	return got
}

// onPost does something with one of the posts; without any, it asks for the list instead.
func (r *recount) onPost(ctx context.Context, l *learner, do func(ownPost) reply) reply {
	r.mu.Lock()
	posts := r.posts
	r.mu.Unlock()
	if len(posts) == 0 {
		return r.ask(ctx, l, http.MethodGet, "/v1/community/posts", nil)
	}
	return do(posts[r.draw(len(posts))])
}

func (r *recount) comment(ctx context.Context, l *learner, n int) reply {
	return r.onPost(ctx, l, func(p ownPost) reply {
		got := r.ask(ctx, l, http.MethodPost, "/v1/community/posts/"+p.id+"/comments", object{"content": fmt.Sprintf("I saw it too, %d times.", n)})
		if got.status == http.StatusOK {
			r.confirm("comments", got.body["id"])
		}
		return got
	})
}

func (r *recount) like(ctx context.Context, l *learner, n int) reply {
	return r.onPost(ctx, l, func(p ownPost) reply {
		return r.ask(ctx, l, []string{http.MethodPut, http.MethodPut, http.MethodDelete}[n%3], "/v1/community/posts/"+p.id+"/like", nil)
	})
}

// withdraw deletes a post.
func (r *recount) withdraw(ctx context.Context, l *learner, _ int) reply {
	return r.onPost(ctx, l, func(p ownPost) reply {
		got := r.ask(ctx, p.by, http.MethodDelete, "/v1/community/posts/"+p.id, nil)
		if got.status == http.StatusOK || got.status == http.StatusNoContent {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.withdrawn = append(r.withdrawn, p)
			r.posts = slices.DeleteFunc(slices.Clone(r.posts), func(other ownPost) bool { return other.id == p.id })
		}
		return got
	})
}
