package e2e_test

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// achievements returns the ids of a learner's unlocked achievements.
func (l *learner) achievements() (ids []string) {
	l.t.Helper()
	for _, b := range l.call(http.MethodGet, "/v1/gamification/profile", nil, http.StatusOK)["badges"].([]any) {
		ids = append(ids, b.(object)["id"].(string))
	}
	return ids
}

// awaitAchievement returns how long it took until a learner had it.
func (l *learner) awaitAchievement(id string) time.Duration {
	l.t.Helper()
	begun := time.Now()
	require.Eventually(l.t, func() bool {
		return slices.Contains(l.achievements(), id)
	}, patience, 50*time.Millisecond, "no %s", id)
	return time.Since(begun)
}

// TestPointsUnlockAndAreOnTheBoards awards points as an administrator, has a course
// completed, adds an achievement for learners who qualify already, and recounts everything.
func TestPointsUnlockAndAreOnTheBoards(t *testing.T) {
	t.Parallel()
	s, ada := newLearnerSystem(t)
	boss := s.apis[0].register(t, "boss@example.com")
	out, err := s.lyo("admin", "grant", "boss@example.com")
	require.NoError(t, err, out)
	me := ada.call(http.MethodGet, "/v1/users/me", nil, http.StatusOK)["id"].(string)
	award := object{"user_id": me, "points": 1000, "reason": "a good week"}
	ada.call(http.MethodPost, "/v1/gamification/award-points", award, http.StatusForbidden)
	for range 2 {
		v := boss.call(http.MethodPost, "/v1/gamification/award-points", award, http.StatusOK, "Idempotency-Key", "week-46")
		require.EqualValues(t, 1000, v["new_points"])
	}
	t.Logf("points_1000 was unlocked %v after the answer", ada.awaitAchievement("points_1000").Round(time.Millisecond))

	task, course := ada.generate("How tides work")
	require.Equal(t, "DONE", ada.await(task)["state"])
	for _, l := range ada.course(course)["lessons"].([]any) {
		ada.call(http.MethodPost, "/v1/courses/"+course+"/lessons/"+l.(object)["id"].(string)+"/complete", object{"minutes": 5}, http.StatusOK)
	}
	for _, id := range []string{"first_lesson", "first_course", "course_creator"} {
		ada.awaitAchievement(id)
	}
	board := ada.call(http.MethodGet, "/v1/gamification/leaderboard?timeframe=weekly", nil, http.StatusOK)
	profile := ada.call(http.MethodGet, "/v1/gamification/profile", nil, http.StatusOK)
	require.Equal(t, profile["total_points"], board["entries"].([]any)[0].(object)["points"])
	require.EqualValues(t, 1, profile["rank_position"])
	require.EqualValues(t, 1, profile["current_streak"])

	file := filepath.Join(s.dir, "achievements.json")
	require.NoError(t, os.WriteFile(file, []byte(`[{"id":"early_bird","name":"Early Bird","description":"Be early.","achievement_type":"skill_mastery",
		"rarity":"rare","points_reward":7,"criteria":{"all":[{"fact":"lessons_completed","at_least":1},{"fact":"points","at_least":500}]}}]`), 0o600))
	out, err = s.lyo("admin", "achievements", "apply", file)
	require.NoError(t, err, out)
	ada.awaitAchievement("early_bird")
	_, id, _ := strings.Cut(out, "workflow ")
	id, _, _ = strings.Cut(id, ",")
	require.NoError(t, s.awaitRun(id))
	require.NotContains(t, boss.achievements(), "early_bird")

	out, err = s.lyo("admin", "recount")
	require.NoError(t, err, out)
	require.Contains(t, out, "0 differences")
	require.Contains(t, out, "boards built, with 1 learners")
	require.Equal(t, board["total_participants"], ada.call(http.MethodGet, "/v1/gamification/leaderboard", nil, http.StatusOK)["total_participants"])
}
