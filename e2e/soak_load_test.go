package e2e_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stretchr/testify/require"
)

// soakLoad is an open loop: what is due is sent when it is due, however long the answers take.
type soakLoad struct {
	*faultEnv
	learners []*learnerAtWork
	inFlight atomic.Int64

	mu        sync.Mutex
	answers   map[string]int // by action and status
	scandals  []string
	late      []time.Duration // of sending, since the last sample
	took      []time.Duration // from due to answered, since the last sample
	lessons   []lessonAt      // of READY courses
	posts     []string
	likes     map[[2]string]bool // by post and learner, as it was last confirmed
	liking    map[[2]string]bool // on the way
	unsure    map[[2]string]bool // without an answer
	followers followers
}

type lessonAt struct {
	by             *learnerAtWork
	course, lesson string
}

// soaking registers the learners.
func (s *faultEnv) soaking() *soakLoad {
	s.t.Helper()
	w := &soakLoad{faultEnv: s, answers: map[string]int{}, likes: map[[2]string]bool{}, liking: map[[2]string]bool{}, unsure: map[[2]string]bool{}}
	for i := range soakLearners {
		w.learners = append(w.learners, s.learnerAtWork(fmt.Sprintf("learner%d@example.com", i)))
	}
	return w
}

// pace runs do once an interval until ctx ends, and waits for what was begun.
func (w *soakLoad) pace(ctx context.Context, interval time.Duration, do func(ctx context.Context, n int, l *learnerAtWork) (string, reply)) {
	var all sync.WaitGroup
	defer all.Wait()
	began, ends := time.Now(), context.WithoutCancel(ctx)
	for n := 0; ; n++ {
		due := began.Add(time.Duration(n) * interval)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Until(due)):
		}
		l, late := w.learners[w.draw(len(w.learners))], time.Since(due)
		w.inFlight.Add(1)
		all.Go(func() {
			defer w.inFlight.Add(-1)
			bounded, cancel := context.WithTimeout(ends, 30*time.Second)
			defer cancel()
			name, got := do(bounded, n, l)
			w.note(name, got, late, time.Since(due))
		})
	}
}

func (w *soakLoad) note(name string, got reply, late, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.late, w.took = append(w.late, late), append(w.took, took)
	w.answers[fmt.Sprintf("%s %d", name, got.status)]++
	if got.err != nil || got.status >= http.StatusBadRequest {
		w.scandals = append(w.scandals, fmt.Sprintf("%s: %d %v %s", name, got.status, got.err, got.text))
	}
}

// soakReads are the addresses of reads that need no id.
var soakReads = []string{
	"/v1/users/me", "/v1/users/me/stats", "/v1/users/me/activity", "/v1/courses", "/v1/tasks", "/v1/feeds", "/v1/feeds/trending", "/v1/feeds/recommendations",
	"/v1/community/posts", "/v1/community/posts?sort=hot", "/v1/notifications", "/v1/notifications/unread-count", "/v1/reviews/due", "/v1/reviews/stats",
	"/v1/gamification/profile", "/v1/gamification/achievements", "/v1/gamification/leaderboard", "/v1/gamification/leaderboard?timeframe=weekly",
	"/v1/feeds/search?q=tides", "/v1/auth/sessions", "/v1/health",
}

// read fetches a list, or a course or a post that there is.
func (w *soakLoad) read(ctx context.Context, _ int, l *learnerAtWork) (string, reply) {
	switch w.draw(5) {
	case 0:
		if at, there := pick(w, &w.lessons); there {
			return "course", at.by.try(ctx, http.MethodGet, "/v1/courses/"+at.course, nil)
		}
	case 1:
		if post, there := pick(w, &w.posts); there {
			return "post", l.try(ctx, http.MethodGet, "/v1/community/posts/"+post, nil)
		}
	}
	path := soakReads[w.draw(len(soakReads))]
	return path, l.try(ctx, http.MethodGet, path, nil)
}

// pick returns one of the values that were noted.
func pick[T any](w *soakLoad, from *[]T) (one T, there bool) {
	w.mu.Lock()
	all := *from
	w.mu.Unlock()
	if len(all) == 0 {
		return one, false
	}
	return all[w.draw(len(all))], true
}

// write changes something; the first time there is nothing but a profile and posts.
func (w *soakLoad) write(ctx context.Context, n int, l *learnerAtWork) (string, reply) {
	post, talked := pick(w, &w.posts)
	lesson, ready := pick(w, &w.lessons)
	switch action := n % 5; {
	case action == 1 && ready: // perhaps once more
		return "study", w.studyLesson(ctx, lesson)
	case action == 2 && talked:
		return "comment", w.comment(ctx, n, post, l)
	case action == 3 && talked:
		return "like", w.like(ctx, post, l)
	case action == 4:
		return "profile", w.bio(ctx, n, l)
	}
	got := l.try(ctx, http.MethodPost, "/v1/community/posts", object{"title": fmt.Sprintf("What tides do, %d", n), "content": "They come and go, and come again.", "post_type": "discussion"})
	if id, _ := got.body["id"].(string); got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM posts WHERE id = ?", id)
		w.mu.Lock()
		w.posts = append(w.posts[max(0, len(w.posts)-199):len(w.posts):len(w.posts)], id) // copied, since others read the old one
		w.mu.Unlock()
	}
	return "write a post", got
}

func (w *soakLoad) studyLesson(ctx context.Context, at lessonAt) reply {
	got := at.by.try(ctx, http.MethodPut, "/v1/courses/"+at.course+"/progress", object{"lesson_id": at.lesson, "completed": true, "minutes": 3})
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM lesson_completions WHERE user_id = ? AND lesson_id = ?", at.by.is.id, at.lesson)
		w.keep("SELECT count(*) FROM ledger WHERE user_id = ? AND rule = 'lesson_completed' AND source = ?", at.by.is.id, at.lesson)
	}
	return got
}

func (w *soakLoad) comment(ctx context.Context, n int, post string, l *learnerAtWork) reply {
	got := l.try(ctx, http.MethodPost, "/v1/community/posts/"+post+"/comments", object{"content": fmt.Sprintf("I saw it too, %d times.", n)})
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM comments WHERE id = ?", got.body["id"])
	}
	return got
}

// like sets or clears a like, one request of a learner on a post at a time, so that the last word is known.
func (w *soakLoad) like(ctx context.Context, post string, l *learnerAtWork) reply {
	of := [2]string{post, l.is.id}
	w.mu.Lock()
	busy, want := w.liking[of], !w.likes[of]
	w.liking[of] = true
	w.mu.Unlock()
	if busy {
		return l.try(ctx, http.MethodGet, "/v1/community/posts/"+post, nil)
	}
	got := l.try(ctx, map[bool]string{true: http.MethodPut, false: http.MethodDelete}[want], "/v1/community/posts/"+post+"/like", nil)
	w.mu.Lock()
	defer w.mu.Unlock()
	if got.status == http.StatusOK {
		w.likes[of] = want
		delete(w.liking, of)
	} else {
		delete(w.likes, of) // it may have happened, now or later: nobody asks for this one again
		w.unsure[of] = true
	}
	return got
}

func (w *soakLoad) bio(ctx context.Context, n int, l *learnerAtWork) reply {
	value := fmt.Sprintf("bio %d", n)
	got := l.try(ctx, http.MethodPut, "/v1/users/me", object{"bio": value})
	w.wrote(l.is, value, false) // several may be on the way at once: any of them may be the last
	return got
}

// course requests a course and follows it by a socket until it is written.
func (w *soakLoad) course(ctx context.Context, n int, l *learnerAtWork) (string, reply) {
	r := request{l.is, fmt.Sprintf("course-%d", n), fmt.Sprintf("How tides work, part %d", n)}
	got := l.try(ctx, http.MethodPost, "/v1/courses/generate", object{"topic": r.topic}, "Idempotency-Key", r.key)
	if got.status != http.StatusAccepted {
		w.doubt(r)
		return "generate", got
	}
	course, _ := got.body["provisional_course_id"].(string)
	f := &follower{learner: l.now(), base: l.is.base, task: w.acceptUnder(r, got.body)}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.followers.all = append(w.followers.all, f)
	w.followers.done.Go(func() {
		within, cancel := context.WithTimeout(w.t.Context(), patience)
		defer cancel()
		if f.err = w.watch(within, f); f.err == nil {
			w.noteLessons(within, l, course)
		}
	})
	return "generate", got
}

// noteLessons adds the lessons of a finished course to those that can be studied.
func (w *soakLoad) noteLessons(ctx context.Context, l *learnerAtWork, course string) {
	got := l.try(ctx, http.MethodGet, "/v1/courses/"+course, nil)
	lessons, _ := got.body["lessons"].([]any)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, lesson := range lessons {
		id, _ := lesson.(object)["id"].(string)
		w.lessons = append(w.lessons, lessonAt{l, course, id})
	}
}

// requireAnswered checks that the rates were kept, and that every answer was a good one.
func (w *soakLoad) requireAnswered(lasting time.Duration) {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	sent := 0
	for _, name := range slices.Sorted(maps.Keys(w.answers)) {
		w.t.Logf("%s: %d", name, w.answers[name])
		sent += w.answers[name]
	}
	require.Empty(w.t, w.scandals[:min(len(w.scandals), 20)], "%d answers were not good", len(w.scandals))
	due := int(lasting.Seconds() * (readsASecond + writesASecond + coursesAMinute/60.0))
	w.t.Logf("%d requests were sent, %d were due", sent, due)
	require.InEpsilon(w.t, due, sent, 0.05, "the rates were not kept")
}

// signInAgain makes every learner's token a fresh one.
func (w *soakLoad) signInAgain() {
	w.t.Helper()
	for _, l := range w.learners {
		require.Equal(w.t, http.StatusOK, l.trade(w.t.Context(), l.now().token).status, "somebody was signed out")
	}
}

// requireLikes compares the likes with the last answers.
func (w *soakLoad) requireLikes() {
	w.t.Helper()
	var rows []struct{ PostID, UserID string }
	require.NoError(w.t, w.db.Raw("SELECT post_id, user_id FROM post_likes").Scan(&rows).Error)
	there := map[[2]string]bool{}
	for _, r := range rows {
		there[[2]string{r.PostID, r.UserID}] = true
	}
	maps.DeleteFunc(there, func(of [2]string, _ bool) bool { return w.unsure[of] })
	for of, want := range w.likes {
		require.Equal(w.t, want, there[of], "the like of %v", of)
		delete(there, of)
	}
	require.Empty(w.t, there, "likes that nobody gave")
}

// take returns the times since the last sample.
func (w *soakLoad) take() (late, took times) {
	w.mu.Lock()
	defer w.mu.Unlock()
	late, took = w.late, w.took
	w.late, w.took = nil, nil
	return late, took
}

// times are durations of which a share is asked for.
type times []time.Duration

// at returns the time that a share of all stay below; 0: there are none.
func (a times) at(share float64) time.Duration {
	if len(a) == 0 {
		return 0
	}
	slices.Sort(a)
	return a[min(len(a)-1, int(share*float64(len(a))))]
}

// medianOf returns the one in the middle; the zero value where there is none.
func medianOf[T cmp.Ordered](all []T) (middle T) {
	if len(all) == 0 {
		return middle
	}
	return slices.Sorted(slices.Values(all))[len(all)/2]
}
