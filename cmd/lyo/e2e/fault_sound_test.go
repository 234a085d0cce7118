package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// invariant is something that holds whatever happened, once everything is quiet.
type invariant struct {
	broken string // what is so when it does not hold
	query  string // finds the rows for which it does not
}

// unrest are rows of work that is still to be done.
var unrest = []invariant{
	{"a promise was not kept", `SELECT workflow_id || ' ' || action || ' ' || last_error FROM outbox`},
	{"a task has not ended", `SELECT id::text || ' ' || state FROM tasks WHERE state IN ('QUEUED', 'RUNNING')`},
	{"a course has not ended", `SELECT id::text FROM courses WHERE status = 'GENERATING'`},
	{"a board does not know of a change", `SELECT user_id::text FROM board_changes`},
	{"material has not been read", `SELECT id::text FROM sources WHERE state = 'PROCESSING'`},
}

// invariants are those of all areas.
var invariants = []invariant{
	{"a story has a gap or begins late", `SELECT task_id::text FROM task_events GROUP BY task_id HAVING count(*) <> max(seq) OR min(seq) <> 1`},
	{"a task has no story", `SELECT id::text FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM task_events e WHERE e.task_id = t.id)`},
	{"a story goes on after its end", `
		SELECT e.task_id::text FROM task_events e JOIN tasks t ON t.id = e.task_id WHERE e.state IN ('DONE', 'ERROR') AND e.seq < t.seq`},
	{"a row is not where its story ends", `
		SELECT t.id::text FROM tasks t LEFT JOIN task_events e ON e.task_id = t.id AND e.seq = t.seq
		WHERE (e.state, e.step, e.message) IS DISTINCT FROM (t.state, t.step, t.message)`},
	{"progress fell", `
		SELECT a.task_id::text FROM task_events a JOIN task_events b ON b.task_id = a.task_id AND b.seq = a.seq + 1 WHERE b.progress < a.progress`},
	{"a READY course is not whole", `
		SELECT c.id::text FROM courses c WHERE c.status = 'READY' AND (
			(SELECT count(*) FROM lessons l WHERE l.course_id = c.id) < 3 OR
			EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = c.id AND (
				l.content = '' OR NOT EXISTS (SELECT 1 FROM items i WHERE i.lesson_id = l.id))))`},
	{"a task is done and its course is not", `
		SELECT t.id::text FROM tasks t JOIN courses c ON c.id = t.result_id
		WHERE t.task_type = 'course_generation' AND (t.state = 'DONE') <> (c.status = 'READY')
		AND NOT EXISTS (SELECT 1 FROM tasks later WHERE later.result_id = t.result_id AND later.id <> t.id)`},
	{"a READY course was not told of once", `
		SELECT c.id::text FROM courses c WHERE c.published_at IS NOT NULL AND (
			(SELECT count(*) FROM notifications n WHERE n.kind = 'course_ready' AND n.user_id = c.owner_user_id AND n.data ->> 'course_id' = c.id::text) <> 1 OR
			(SELECT count(*) FROM feed_entries f WHERE f.kind = 'published' AND f.content_id = c.id) <> 1)`},
	{"a total is not its ledger's sum", `
		SELECT user_id::text FROM (SELECT user_id, sum(points) AS points FROM ledger GROUP BY user_id) l FULL JOIN totals t USING (user_id)
		WHERE coalesce(l.points, 0) <> coalesce(t.points, 0)`},
	{"a period's points are not its ledger's sum", `
		SELECT s.period || ' ' || s.user_id FROM standings s WHERE s.points <> (SELECT coalesce(sum(l.points), 0) FROM ledger l WHERE l.user_id = s.user_id AND
			s.period IN (to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM'), to_char(date_trunc('week', l.at AT TIME ZONE 'UTC'), 'YYYY-MM-DD')))`},
	{"lessons are not counted as they were completed", `
		SELECT user_id::text FROM totals t WHERE lessons <> (SELECT count(*) FROM lesson_completions c WHERE c.user_id = t.user_id)
		OR lessons <> (SELECT count(*) FROM ledger l WHERE l.user_id = t.user_id AND l.rule = 'lesson_completed')`},
	{"an unlock was not rewarded once, or not counted", `
		SELECT user_id::text FROM totals t WHERE achievements <> (SELECT count(*) FROM unlocks u WHERE u.user_id = t.user_id)`},
	{"a deed earned twice", `SELECT user_id::text FROM ledger GROUP BY user_id, rule, source HAVING count(*) > 1`},
	{"a post's counter is not its rows", `
		SELECT p.id::text FROM posts p WHERE
			p.likes_count <> (SELECT count(*) FROM post_likes l WHERE l.post_id = p.id) OR
			p.views_count <> (SELECT count(*) FROM post_views v WHERE v.post_id = p.id) OR
			p.comments_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND c.status = 'visible')`},
	{"a comment's counter is not its rows", `
		SELECT c.id::text FROM comments c WHERE
			c.likes_count <> (SELECT count(*) FROM comment_likes l WHERE l.comment_id = c.id) OR
			c.replies_count <> (SELECT count(*) FROM comments r WHERE r.parent_comment_id = c.id AND r.status = 'visible')`},
}

// calm is how long a system may take to finish what it has, once everything is back.
const calm = 4 * time.Minute

// requireSound waits until nothing is left to be done and then checks everything
// that must hold: nothing accepted is lost, nothing is done twice, and what is
// counted is what is there.
func (s *stand) requireSound() {
	s.t.Helper()
	began := time.Now()
	var left []string
	for left = s.breaches(unrest); len(left) > 0 && time.Since(began) < calm; left = s.breaches(unrest) {
		<-time.After(100 * time.Millisecond) // other processes are at work
	}
	require.Empty(s.t, left)
	s.requireSettled()
	require.Empty(s.t, s.breaches(invariants))
	s.requireKept()
	s.requireBoard()
	s.requireOneRunEach()
	s.t.Logf("sound %v after the trouble: %d tasks, %d of them accepted in as many words", time.Since(began).Round(10*time.Millisecond), s.count("tasks"), len(s.tasks))
}

// requireSettled finds out, as a client would, what became of the requests that
// were not answered: the same key gets the same ids, however often.
func (s *stand) requireSettled() {
	s.t.Helper()
	unsure := s.takeUnsure()
	for _, r := range unsure {
		made := r.by.call("POST", "/v1/courses/generate", object{"topic": r.topic}, 202, "Idempotency-Key", r.key)
		s.accept(made)
	}
	if len(unsure) == 0 {
		return
	}
	require.Eventually(s.t, func() bool { return len(s.breaches(unrest)) == 0 }, calm, 100*time.Millisecond)
}

// breaches are the invariants that do not hold, each with some of the rows.
func (s *stand) breaches(of []invariant) (found []string) {
	s.t.Helper()
	for _, i := range of {
		var rows []string
		require.NoError(s.t, s.db.Raw(i.query+" LIMIT 5").Scan(&rows).Error, i.broken)
		if len(rows) > 0 {
			found = append(found, i.broken+": "+strings.Join(rows, ", "))
		}
	}
	return found
}

func (s *stand) count(table string) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.db.Raw("SELECT count(*) FROM "+table).Scan(&n).Error)
	return n
}

// requireKept looks for everything that was accepted.
func (s *stand) requireKept() {
	s.t.Helper()
	var rows []struct{ ID, ResultID, State string }
	require.NoError(s.t, s.db.Raw("SELECT id, result_id, state FROM tasks").Scan(&rows).Error)
	courses := map[string]string{}
	for _, r := range rows {
		courses[r.ID] = r.ResultID
	}
	for task, course := range s.tasks {
		require.Equal(s.t, course, courses[task], "an accepted task is lost")
	}
	for _, k := range s.kept {
		var n int
		require.NoError(s.t, s.db.Raw(k.query, k.args...).Scan(&n).Error)
		require.Equal(s.t, 1, n, "%s %v", k.query, k.args)
	}
	for by, r := range s.written {
		profile := by.call("GET", "/v1/users/me", nil, 200)
		require.Contains(s.t, r.possible, profile["bio"], "what was written last is lost")
	}
}

// requireBoard compares the board, which comes from Redis, with the rows.
func (s *stand) requireBoard() {
	s.t.Helper()
	var rows []struct {
		UserID string
		Points float64
	}
	require.NoError(s.t, s.db.Raw("SELECT user_id, points FROM totals WHERE points > 0 ORDER BY points DESC, updated_at, user_id LIMIT 200").Scan(&rows).Error)
	if len(rows) == 0 || len(s.written) == 0 {
		return
	}
	var asker *learner
	for asker = range s.written {
		break
	}
	board := func() bool {
		got := asker.try(s.t.Context(), "GET", "/v1/gamification/leaderboard?limit=200", nil)
		entries, _ := got.body["entries"].([]any)
		same := len(entries) == len(rows)
		for i := 0; same && i < len(rows); i++ {
			entry, _ := entries[i].(object)
			same = entry["user_id"] == rows[i].UserID && entry["points"] == rows[i].Points
		}
		return same
	}
	require.Eventually(s.t, board, time.Minute, 200*time.Millisecond, "the board is not as the ledger has it")
}

// requireOneRunEach asks Temporal whether any workflow was begun twice.
func (s *stand) requireOneRunEach() {
	s.t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.temporal.Address()})
	require.NoError(s.t, err)
	defer c.Close()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	runs := map[string]int{}
	for request := (&workflowservice.ListWorkflowExecutionsRequest{Namespace: client.DefaultNamespace, PageSize: 1000}); ; {
		page, err := c.ListWorkflow(ctx, request)
		require.NoError(s.t, err)
		for _, e := range page.GetExecutions() {
			if first := e.GetFirstRunId(); first == "" || first == e.GetExecution().GetRunId() {
				runs[e.GetExecution().GetWorkflowId()]++
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			break
		}
	}
	for id, n := range runs {
		require.Equal(s.t, 1, n, "%s ran more than once", id)
	}
}

func (r written) String() string { return fmt.Sprint(r.possible) }
