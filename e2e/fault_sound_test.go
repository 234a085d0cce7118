package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/learning"
)

// calm is how long a system may go on without finishing any of its work once everything is back.
const calm = 4 * time.Minute

// requireSound waits until all work is done and then checks all guarantees: nothing
// accepted is lost, nothing is done twice, and counters match the rows.
func (s *faultEnv) requireSound() {
	s.t.Helper()
	began := time.Now()
	last := s.awaitQuiet(s.db)
	s.t.Logf("quiet %v after the trouble; the last to come about: %v", time.Since(began).Round(10*time.Millisecond), last)
	s.requireResolved()
	requireInvariants(s.t, s.db)
	s.requireRecounted()
	s.requireKept()
	s.requireBoards()
	s.requireOneRunEach()
	s.t.Logf("sound %v after the trouble: %d tasks, %d of them accepted in as many words", time.Since(began).Round(10*time.Millisecond), s.count("tasks"), len(s.tasks))
}

// requireResolved finds the outcome of unanswered requests as a client would, and
// repeats answered ones: the same key gets the same ids, however often.
func (s *faultEnv) requireResolved() {
	s.t.Helper()
	unsure, sure := s.takeRequests()
	for r, task := range sure {
		made := r.by.call("POST", "/v1/courses/generate", object{"topic": r.topic}, 202, "Idempotency-Key", r.key)
		require.Equal(s.t, task, made["task_id"], "a repeated request began something else")
	}
	for _, r := range unsure {
		made := r.by.call("POST", "/v1/courses/generate", object{"topic": r.topic}, 202, "Idempotency-Key", r.key)
		s.accept(made)
	}
	if len(unsure) > 0 {
		s.awaitQuiet(s.db)
	}
}

// breaches returns the violated invariants, each with some of the rows.
func breaches(t *testing.T, db *gorm.DB, of []invariant) (found []string) {
	t.Helper()
	for _, i := range of {
		var rows []string
		require.NoError(t, db.Raw("SELECT * FROM ("+i.query+") AS found LIMIT 5").Scan(&rows).Error, i.broken)
		if len(rows) > 0 {
			found = append(found, i.broken+": "+strings.Join(rows, ", "))
		}
	}
	return found
}

// requireInvariants checks that none is violated.
func requireInvariants(t *testing.T, db *gorm.DB) {
	t.Helper()
	for _, area := range invariants {
		require.Empty(t, breaches(t, db, area))
	}
}

func (s *faultEnv) count(table string) (n int) {
	s.t.Helper()
	require.NoError(s.t, s.db.Raw("SELECT count(*) FROM "+table).Scan(&n).Error)
	return n
}

// requireKept checks that everything accepted is there.
func (s *faultEnv) requireKept() {
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

// requireRecounted recounts all points, levels, streaks and periods, as an operator would.
func (s *faultEnv) requireRecounted() {
	s.t.Helper()
	done, err := learning.RecountMany(s.t.Context(), s.db, uuid.Nil, 1000, time.Now())
	require.NoError(s.t, err)
	require.Empty(s.t, done.Differences, "what is counted is not what the rows add up to")
}

// requireBoards compares the boards, which come from Redis, with the rows.
func (s *faultEnv) requireBoards() {
	s.t.Helper()
	now, asker := time.Now(), s.apis[0].register(s.t, "asker@example.com")
	for timeframe, period := range map[string]string{"all_time": learning.AllTime, "monthly": learning.MonthPeriod(now), "weekly": learning.WeekPeriod(now)} {
		for _, kind := range []learning.BoardKind{learning.BoardPoints, learning.BoardLevel, learning.BoardAchievements} {
			s.requireBoard(learning.Board{Kind: kind, Period: period}, timeframe, asker)
		}
	}
}

func (s *faultEnv) requireBoard(b learning.Board, timeframe string, asker *learner) {
	s.t.Helper()
	const most = 200
	path := fmt.Sprintf("/v1/gamification/leaderboard?limit=%d&leaderboard_type=%s&timeframe=%s", most, b.Kind, timeframe)
	same := func() bool {
		want, err := learning.BoardPage(s.t.Context(), s.db, b, 0, most)
		require.NoError(s.t, err)
		got := asker.try(s.t.Context(), "GET", path, nil)
		var board struct {
			Entries []struct {
				UserID       string `json:"user_id"`
				Points       int64  `json:"points"`
				Level        int    `json:"level"`
				Rank         int64  `json:"rank"`
				Achievements int    `json:"achievements_count"`
			} `json:"entries"`
		}
		if got.status == 401 { // one of the cases has short-lived tokens
			signed := asker.call("POST", "/v1/auth/login", object{"email": "asker@example.com", "password": "correct horse battery"}, 200)
			asker.token, _ = signed["access_token"].(string)
		}
		if got.status != 200 || json.Unmarshal([]byte(got.text), &board) != nil || len(board.Entries) != len(want) {
			return false
		}
		for i, e := range board.Entries {
			w := want[i]
			if e.UserID != w.UserID.String() || e.Points != w.Points || e.Level != w.Level || e.Rank != w.Rank || e.Achievements != w.Achievements {
				return false
			}
		}
		return true
	}
	for began := time.Now(); !same(); {
		require.Less(s.t, time.Since(began), time.Minute, "the board of %s %s is not as the ledger has it", timeframe, b.Kind)
		<-time.After(100 * time.Millisecond) // other processes bring it up to date
	}
}

// requireOneRunEach checks that no workflow was started twice.
func (s *system) requireOneRunEach() {
	s.t.Helper()
	runs, _ := s.runs(s.dialTemporal())
	for id, n := range runs {
		require.Equal(s.t, 1, n, "%s ran more than once", id)
	}
}

// awaitQuiet waits until all work is done: there are no rows of such work, no workflow
// is open, and a moment later that is still so and nothing new was started. It returns
// what it was waiting for.
func (s *system) awaitQuiet(db *gorm.DB) (last []string) {
	s.t.Helper()
	c := s.dialTemporal()
	fewest := math.MaxInt
	for progress, before := time.Now(), -1; ; {
		left := breaches(s.t, db, unrest)
		runs, open := s.runs(c)
		left = append(left, open...)
		switch {
		case len(left) > 0:
			last, before = left, -1
		case len(runs) == before:
			return last
		default:
			before = len(runs)
		}
		if len(left) < fewest {
			fewest, progress = len(left), time.Now()
		}
		require.Less(s.t, time.Since(progress), calm, "left to be done: %d, such as %v", len(left), left[:min(len(left), 20)])
		<-time.After(100 * time.Millisecond) // other processes are working
	}
}

// dialTemporal connects directly, past the proxies of the processes.
func (s *system) dialTemporal() client.Client {
	s.t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.temporal.Address()})
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

// runs counts the runs by workflow, and returns the open workflows.
func (s *system) runs(c client.Client) (runs map[string]int, open []string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	runs = map[string]int{}
	request := &workflowservice.ListWorkflowExecutionsRequest{Namespace: client.DefaultNamespace, PageSize: 1000}
	for {
		page, err := c.ListWorkflow(ctx, request)
		require.NoError(s.t, err)
		for _, e := range page.GetExecutions() {
			id := e.GetExecution().GetWorkflowId()
			if first := e.GetFirstRunId(); first == "" || first == e.GetExecution().GetRunId() {
				runs[id]++
			}
			if e.GetStatus() == enums.WORKFLOW_EXECUTION_STATUS_RUNNING {
				open = append(open, id)
			}
		}
		if request.NextPageToken = page.GetNextPageToken(); len(request.GetNextPageToken()) == 0 {
			return runs, open
		}
	}
}
