package e2e_test

import (
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/storetest"
)

// TestLyoBehindPgBouncer has eight learners do everything at once through PgBouncer in transaction mode, with fewer
// connections than they use, by a plain address. Migrations, wake-ups and locks of pushes go to the server itself.
func TestLyoBehindPgBouncer(t *testing.T) {
	t.Parallel()
	s := newSystem(t)
	s.detectRaces()
	direct := storetest.Empty(t)
	s.database = storetest.PgBouncer(t, direct, 6)
	s.extra = append(s.extra, "DATABASE_DIRECT_URL="+direct, "LYO_COURSES_AT_ONCE=1")
	out, err := s.lyo("migrate")
	require.NoError(t, err, out)
	a := s.addAPI()
	s.startWorker()
	author := a.register(t, "author@example.com")
	post := author.call(http.MethodPost, "/v1/community/posts", object{"title": "Tides", "content": "What are they?"}, http.StatusOK)["id"].(string)
	var all sync.WaitGroup
	for _, name := range []string{"ada", "ben", "cem", "dana", "eli", "fay", "gus", "hana"} {
		all.Go(func() { (&pooled{a.register(t, name+"@example.com")}).learn(post) })
	}
	all.Wait()
	got := author.call(http.MethodGet, "/v1/community/posts/"+post, nil, http.StatusOK)
	assert.EqualValues(t, 8, got["likes_count"], "%v", got)

	out, _ = s.lyo("doctor") // with an API elsewhere
	require.Contains(t, out, "answers through a pooler, and statements are not prepared")
	s.database += "&default_query_exec_mode=cache_statement"
	out, _ = s.lyo("doctor")
	require.Contains(t, out, "PgBouncer")
	require.Contains(t, out, "default_query_exec_mode=cache_describe")
}

// pooled is a learner whose statements go through a pooler.
type pooled struct{ *learner }

// learn asks for a course, follows it over a socket, learns, likes a post and asks for an export.
func (l *pooled) learn(post string) {
	task, course := l.generate("How tides work")
	events, _ := l.listen(l.dial(task, "&since=0"))
	assert.Equal(l.t, "DONE", events[len(events)-1]["state"])
	made, quizzes := l.course(course), 0
	for _, item := range made["items"].([]any) {
		if item.(object)["type"] != "quiz" {
			continue
		}
		quizzes++
		status, _, body := l.do(http.MethodPost, "/v1/courses/"+course+"/items/"+item.(object)["id"].(string)+"/attempts", object{"answers": []any{0}})
		assert.Equal(l.t, http.StatusOK, status, string(body))
	}
	for _, lesson := range made["lessons"].([]any) {
		id := lesson.(object)["id"].(string)
		l.call(http.MethodPost, "/v1/courses/"+course+"/lessons/"+id+"/complete", object{"minutes": 5}, http.StatusOK)
	}
	assert.Positive(l.t, quizzes)
	l.call(http.MethodPost, "/v1/community/posts/"+post+"/like", nil, http.StatusOK)
	l.call(http.MethodGet, "/v1/gamification/leaderboard?timeframe=weekly", nil, http.StatusOK)
	l.call(http.MethodGet, "/v1/feeds", nil, http.StatusOK)
	export := l.call(http.MethodPost, "/v1/users/me/export", nil, http.StatusAccepted)["task_id"].(string)
	finished := l.await(export)
	status, _, body := l.do(http.MethodGet, strings.TrimPrefix(finished["result_url"].(string), "http://lyo.test"), nil)
	assert.Equal(l.t, http.StatusOK, status)
	assert.NotEmpty(l.t, body)
}

// TestMigrationsThroughAPooler migrates in two processes at once, by the pooler's address alone.
func TestMigrationsThroughAPooler(t *testing.T) {
	t.Parallel()
	environ := []string{"LYO_STATE_DIR=" + t.TempDir(), "DATABASE_URL=" + storetest.PgBouncer(t, storetest.Empty(t), 5)}
	var all sync.WaitGroup
	outs := make([]string, 2)
	for i := range outs {
		all.Go(func() { outs[i] = migrated(t, environ) })
	}
	all.Wait()
	together := strings.Join(outs, "\n")
	require.Equal(t, 1, strings.Count(together, "applied 00001_first.sql"), together)
	require.Equal(t, "the schema is current\n", migrated(t, environ))
}

func migrated(t *testing.T, environ []string) string {
	cmd := exec.CommandContext(t.Context(), lyo, "migrate")
	cmd.Env = environ
	out, err := cmd.CombinedOutput()
	if err != nil { // not require: several run at once
		t.Errorf("%v %s", err, out)
	}
	return string(out)
}

// TestPostgresDropsEveryConnection ends all of them again and again below sixteen clients that read and write, and while
// nothing is asked before very many read at once.
func TestPostgresDropsEveryConnection(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil, ownPostgres)
	a := s.addAPI()
	learners := s.crew(8)
	post := learners[0].call(http.MethodPost, "/v1/community/posts", object{"title": "Tides", "content": "What are they?"}, http.StatusOK)["id"].(string)
	m := &moody{faultEnv: s, base: a.base, post: post, wrote: map[string]int{}}
	ctx := s.within(3 * time.Minute)
	var all sync.WaitGroup
	for i, l := range learners {
		rounds := new(atomic.Int64)
		m.rounds = append(m.rounds, rounds)
		all.Go(func() { m.read(ctx, l, rounds) })
		all.Go(func() { m.write(ctx, l, i) })
	}
	for range 8 {
		m.awaitRounds(2)
		m.dropEveryConnection()
	}
	m.awaitRounds(2)
	m.stopped.Store(true)
	all.Wait()
	m.readAtOnce(ctx, learners) // so that there are many connections
	for range 5 {
		m.dropEveryConnection() // while nothing is asked
		m.readAtOnce(ctx, learners)
	}
	require.Empty(t, m.scandals)
	t.Logf("%d reads, writes %v", m.reads.Load(), m.wrote)
	require.Zero(t, s.count("(SELECT 1 FROM comments GROUP BY content HAVING count(*) > 1) AS doubled"))
	require.Equal(t, m.wrote["200"], s.count("comments WHERE content LIKE 'certain %' AND content IN "+m.certain()))
}

// TestAHungPostgresIsSaidSoon stops the server's packets while requests are made.
func TestAHungPostgresIsSaidSoon(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil)
	direct := s.database
	proxy := s.between("postgres", hostOf(t, direct))
	s.database = strings.Replace(direct, hostOf(t, direct), proxy.Listen, 1)
	a := s.addAPI()
	ada := a.register(t, "ada@example.com")
	for _, stream := range []string{"upstream", "downstream"} {
		s.spoil(proxy, "timeout", stream, `{"timeout":0}`)
	}
	var all sync.WaitGroup
	for range 30 { // more than there are connections
		all.Go(func() {
			began := time.Now()
			status, header, body := ada.do(http.MethodGet, "/v1/courses/", nil)
			assert.Equal(t, http.StatusServiceUnavailable, status, string(body))
			assert.NotEmpty(t, header.Get("Retry-After"))
			assert.Less(t, time.Since(began), 3*time.Second)
		})
	}
	all.Go(func() {
		assert.Eventually(t, func() bool { // what was seen within the last second is shown again
			health := ada.call(http.MethodGet, "/v1/health", nil, http.StatusOK)
			return health["components"].(object)["database"].(object)["status"] == "unhealthy"
		}, 5*time.Second, 100*time.Millisecond)
	})
	all.Wait()
	proxy.Toxics.ResetToxics(t.Context())
	require.Eventually(t, func() bool {
		status, _, _ := ada.do(http.MethodGet, "/v1/courses/", nil)
		return status == http.StatusOK
	}, patience, 50*time.Millisecond)
}
