package e2e_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/workflows"
)

// requireConfirmed checks that everything that was answered with a success is there, and awards once.
func (r *recount) requireConfirmed() {
	r.t.Helper()
	for table, ids := range r.confirmed {
		slices.Sort(ids)
		ids = slices.Compact(ids) // a lesson may have been completed again
		key := map[bool]string{true: "user_id || ' ' || lesson_id", false: "id::text"}[table == "lesson_completions"]
		var n int
		require.NoError(r.t, r.db.Raw("SELECT count(*) FROM "+table+" WHERE "+key+" = ANY (string_to_array(?, ','))", strings.Join(ids, ",")).Scan(&n).Error)
		require.Len(r.t, ids, n, "what was confirmed is not among %s", table)
	}
	require.Equal(r.t, r.awards, r.count("ledger WHERE rule = 'award'"), "awards count once each")
	for _, rule := range []gamification.Rule{gamification.RuleLessonCompleted, gamification.RuleQuizPassed, gamification.RulePostCreated, gamification.RuleCommentCreated} {
		require.Positive(r.t, r.count("ledger WHERE rule = '"+string(rule)+"'"), rule)
	}
	require.Positive(r.t, r.count("review_logs"))
}

// noteCommits has Postgres note when whatever achievements are decided by was committed, and when they were.
func (r *recount) noteCommits() {
	r.t.Helper()
	const note = `
		CREATE TABLE commits (seq bigint GENERATED ALWAYS AS IDENTITY, user_id uuid, kind text, detail text, points bigint, at timestamptz);
		CREATE FUNCTION note_commit() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN
			CASE TG_TABLE_NAME
				WHEN 'ledger' THEN INSERT INTO commits (user_id, kind, detail, points, at) VALUES (NEW.user_id, 'ledger', NEW.rule, NEW.points, clock_timestamp());
				WHEN 'unlocks' THEN INSERT INTO commits (user_id, kind, detail, at) VALUES (NEW.user_id, 'unlock', NEW.achievement_id, clock_timestamp());
				WHEN 'review_logs' THEN INSERT INTO commits (user_id, kind, at) VALUES (NEW.user_id, 'review', clock_timestamp());
				WHEN 'courses' THEN INSERT INTO commits (user_id, kind, at) VALUES (NEW.owner_user_id, 'published', clock_timestamp());
				ELSE INSERT INTO commits (user_id, kind, at) SELECT NEW.author_id, 'comment', clock_timestamp()
					FROM posts p WHERE p.id = NEW.post_id AND p.author_id IS DISTINCT FROM NEW.author_id;
			END CASE;
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON ledger DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_commit();
		CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON unlocks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_commit();
		CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON review_logs DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_commit();
		CREATE CONSTRAINT TRIGGER note_commit AFTER INSERT ON comments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION note_commit();
		CREATE CONSTRAINT TRIGGER note_commit AFTER UPDATE ON courses DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
			WHEN (OLD.published_at IS NULL AND NEW.published_at IS NOT NULL) EXECUTE FUNCTION note_commit();`
	require.NoError(r.t, r.db.Exec(note).Error)
}

// commit is a row of what noteCommits has noted.
type commit struct {
	UserID uuid.UUID
	Kind   string
	Detail string
	Points int64
	At     time.Time
}

// factsWith returns facts after one more commit.
func factsWith(f gamification.Facts, c commit) {
	switch c.Kind {
	case "unlock":
		f[gamification.FactAchievements]++
	case "review":
		f[gamification.FactReviews]++
	case "published":
		f[gamification.FactGenerated]++
	case "comment":
		f[gamification.FactCommentsOnOthers]++
	case "ledger":
		f[gamification.FactPoints] += c.Points
		f[gamification.FactLevel] = int64(gamification.Level(f[gamification.FactPoints]))
		switch gamification.Rule(c.Detail) {
		case gamification.RuleLessonCompleted:
			f[gamification.FactLessons]++
		case gamification.RuleCourseCompleted:
			f[gamification.FactCourses]++
		case gamification.RuleQuizPassed:
			f[gamification.FactQuizzes]++
		default: // counted by their points only
		}
	}
}

// unlockOf is an achievement of a user.
type unlockOf struct {
	user uuid.UUID
	id   string
}

// requireUnlocks counts from the rows what everybody should have unlocked: exactly that must be there, and in time.
func (r *recount) requireUnlocks() {
	r.t.Helper()
	all, err := learning.Achievements(r.t.Context(), r.db)
	require.NoError(r.t, err)
	criteria := map[string]gamification.Criteria{}
	for _, a := range all {
		criteria[a.ID], err = gamification.ParseCriteria(a.Criteria)
		require.NoError(r.t, err)
	}
	var commits []commit
	require.NoError(r.t, r.db.Raw("SELECT * FROM commits WHERE user_id IS NOT NULL ORDER BY seq").Scan(&commits).Error)
	facts, due, got := map[uuid.UUID]gamification.Facts{}, map[unlockOf]time.Time{}, map[unlockOf]time.Time{}
	for _, c := range commits {
		if facts[c.UserID] == nil {
			facts[c.UserID] = gamification.Facts{gamification.FactLevel: 1}
		}
		factsWith(facts[c.UserID], c)
		if c.Kind == "unlock" {
			got[unlockOf{c.UserID, c.Detail}] = c.At
		}
		for id, want := range criteria {
			if _, since := due[unlockOf{c.UserID, id}]; !since && want.Met(facts[c.UserID]) {
				due[unlockOf{c.UserID, id}] = c.At
			}
		}
	}
	for at := range due {
		require.Contains(r.t, got, at, "what was reached is not unlocked")
	}
	for at := range got {
		require.Contains(r.t, due, at, "what was not reached is unlocked")
	}
	require.Greater(r.t, len(due), len(r.learners))
	require.Equal(r.t, len(got), r.count("unlocks"))
	r.requireInTime(due, got)
}

// lostTaskFor is how long Temporal waits for a task that a killed worker has taken: the longer of an activity's time
// and a workflow task's, which are both 10 s, and the pause before the next try.
const lostTaskFor = 11 * time.Second

// requireInTime checks how long achievements took, from the commit that reached them to that of their unlock. The time
// without a worker that polls does not count, nor what Temporal waits for a task that was lost with it.
func (r *recount) requireInTime(due, got map[unlockOf]time.Time) {
	r.t.Helper()
	within := sized(2*time.Second, 10*time.Second) // the short form is run beside everything else
	var usual, lost times
	for at, since := range due {
		took, touched := got[at].Sub(since), false
		for _, d := range r.dead {
			if since.Before(d.to) && got[at].After(d.from) {
				touched = true
				took = min(took, max(0, got[at].Sub(d.to)))
			}
		}
		if touched {
			lost = append(lost, took)
			require.Less(r.t, took, within+lostTaskFor, "%v was unlocked late", at)
			continue
		}
		usual = append(usual, took)
		require.Less(r.t, took, within, "%v was unlocked late", at)
	}
	r.t.Logf("%d achievements: within %v, %v, %v (half, 99 in 100, all); %d more while a worker was killed: %v, %v, %v after the next one polled",
		len(usual), usual.at(.5), usual.at(.99), usual.at(1), len(lost), lost.at(.5), lost.at(.99), lost.at(1))
}

// requireNothingMissed has the nightly sweep done, which must find nothing.
func (r *recount) requireNothingMissed() {
	r.t.Helper()
	ctx, c := r.within(patience), r.dialTemporal()
	sweep := c.ScheduleClient().GetHandle(ctx, workflows.ScheduleAchievements)
	require.NoError(r.t, sweep.Trigger(ctx, client.ScheduleTriggerOptions{}))
	var id string
	require.Eventually(r.t, func() bool {
		seen, err := sweep.Describe(ctx)
		if err != nil || len(seen.Info.RecentActions) == 0 {
			return false
		}
		id = seen.Info.RecentActions[0].StartWorkflowResult.WorkflowID
		return true
	}, patience, 50*time.Millisecond)
	var done workflows.ApplyProgress
	require.NoError(r.t, c.GetWorkflow(ctx, id, "").Get(ctx, &done))
	require.GreaterOrEqual(r.t, done.Users, len(r.learners))
	require.Zero(r.t, done.Unlocked, "achievements had been missed")
}

// requireBoardsInRedis compares all of the boards in Redis with the rows.
func (r *recount) requireBoardsInRedis() {
	r.t.Helper()
	var doubts atomic.Int64
	ranked := &boards.Boards{
		DB: r.db, Redis: r.keys(), Clock: time.Now, Log: slog.New(slog.DiscardHandler),
		Rebuild: func(context.Context, uuid.UUID) error { doubts.Add(1); return nil }, // Postgres would answer
	}
	now := time.Now()
	for _, period := range append(learning.PeriodsOf(now), learning.AllTime) {
		for _, kind := range []learning.BoardKind{learning.BoardPoints, learning.BoardLevel, learning.BoardAchievements} {
			b := learning.Board{Kind: kind, Period: period}
			want, err := learning.BoardPage(r.t.Context(), r.db, b, 0, len(r.learners)+10)
			require.NoError(r.t, err)
			page, err := ranked.Read(r.t.Context(), boards.Query{Board: b, Limit: len(r.learners) + 10})
			require.NoError(r.t, err)
			require.Zero(r.t, doubts.Load(), "the boards in Redis are not believed")
			require.Equal(r.t, want, page.Places, "%v", b)
			require.GreaterOrEqual(r.t, len(page.Places), len(r.learners)/2)
		}
	}
}

// requireFound searches for so many of the posts, and for those that were withdrawn, as somebody who wrote none.
func (r *recount) requireFound(most int) {
	r.t.Helper()
	asker := r.apis[0].register(r.t, "reader@example.com")
	found := func(word string) (ids []string) {
		status, _, content := asker.do(http.MethodGet, "/v1/feeds/search?q="+url.QueryEscape(word), nil)
		require.Equal(r.t, http.StatusOK, status, string(content))
		var hits []struct {
			ID    string  `json:"id"`
			Score float64 `json:"ranking_score"`
		}
		require.NoError(r.t, json.Unmarshal(content, &hits))
		for _, h := range hits {
			if h.Score >= 1 { // the words themselves, not similar ones
				ids = append(ids, h.ID)
			}
		}
		return ids
	}
	require.NotEmpty(r.t, r.withdrawn)
	for _, p := range r.posts[max(0, len(r.posts)-most):] {
		require.Equal(r.t, []string{p.id}, found(p.word), "a post is not found")
	}
	for _, p := range r.withdrawn[max(0, len(r.withdrawn)-most):] {
		require.Empty(r.t, found(p.word), "a withdrawn post is found")
	}
	for _, l := range r.lessons {
		require.Equal(r.t, http.StatusOK, asker.try(r.t.Context(), http.MethodGet, "/v1/courses/"+l.course, nil).status)
	}
}
