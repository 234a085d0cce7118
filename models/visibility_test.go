package models_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/modelstest"
)

// TestWhatOthersReachedStaysTheirsTheTextDoesNot has a learner complete a course that its owner takes back then.
func TestWhatOthersReachedStaysTheirsTheTextDoesNot(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	owner, ada := signedUp(t, db, "owner@example.com", start).UserID, signedUp(t, db, "ada@example.com", start).UserID
	c := published(t, db, owner)
	for n := range c.Lessons {
		complete(t, db, ada, c, n, start)
	}
	_, err := models.AttemptQuiz(t.Context(), db, models.AttemptRequest{UserID: ada, CourseID: c.ID, ItemID: c.Items[0].ID, Answers: answering("0"), At: start}, start, models.Enqueuer{})
	require.NoError(t, err)
	require.NoError(t, models.ShareCourse(t.Context(), db, ada, c.ID, false, start))
	due := func() int {
		t.Helper()
		cards, err := models.DueCards(t.Context(), db, ada, start, nil, 10)
		require.NoError(t, err)
		stats, err := models.ReviewStatsOf(t.Context(), db, ada, start, start, start)
		require.NoError(t, err)
		require.EqualValues(t, len(cards), stats.Due)
		reminded, err := models.RemindMany(t.Context(), db, uuid.Nil, 10, start, models.Enqueuer{})
		require.NoError(t, err)
		require.Equal(t, len(cards) > 0, reminded.Users == 1)
		return len(cards)
	}
	exported := func() (text string) {
		t.Helper()
		require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
			for _, file := range []string{"reviews.json", "attempts.json", "deeds.json", "completions.json", "learning.json", "points.json"} {
				rows := 0
				err := models.EachPersonalRow(t.Context(), tx, ada, file, func(row []byte) error { rows++; text += string(row); return nil })
				require.NoError(t, err)
				require.Positive(t, rows, file)
			}
			return nil
		}))
		return text
	}
	cards, err := models.DueCards(t.Context(), db, ada, start, nil, 1)
	require.NoError(t, err)
	points, before := pointsOf(t, db, ada), exported()
	require.Equal(t, 4, due())
	texts := []string{"Tides", "ebb 1", "Water that leaves", "Gravity", "Why?"}
	for _, text := range texts {
		require.Contains(t, before, text)
	}

	require.NoError(t, models.UnshareCourse(t.Context(), db, owner, c.ID, start))
	require.Zero(t, due())
	_, err = models.ReviewCardOnce(t.Context(), db, models.Review{UserID: ada, CardID: cards[0].ID, Recall: gamification.RecallGood, At: start}, start, models.Enqueuer{})
	require.Equal(t, models.NotFound, models.CodeOf(err))
	p, err := models.ProgressOf(t.Context(), db, ada, c.ID)
	require.NoError(t, err)
	require.Equal(t, 100, p.Percent)
	require.Len(t, p.CompletedLessons, 3)
	require.Equal(t, points, pointsOf(t, db, ada))
	after := exported()
	for _, text := range texts {
		require.NotContains(t, after, text)
	}
	_, err = models.ProgressOf(t.Context(), db, signedUp(t, db, "eve@example.com", start).UserID, c.ID)
	require.Equal(t, models.NotFound, models.CodeOf(err), "who had not begun")

	require.NoError(t, models.ShareCourse(t.Context(), db, owner, c.ID, false, start))
	require.Equal(t, 4, due(), "and they are there again when it is")
}

// TestListingCoursesWalksTheIndexOfWhatIsListed looks at the plan of a page among many courses of which few are public.
func TestListingCoursesWalksTheIndexOfWhatIsListed(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	owner, eve := signedUp(t, db, "owner@example.com", start).UserID, signedUp(t, db, "eve@example.com", start).UserID
	require.NoError(t, db.Exec(`INSERT INTO courses (id, owner_user_id, title, topic, status, visibility, difficulty_level, created_at, updated_at)
		SELECT gen_random_uuid(), ?, 'Tides', 'Tides', 'READY', CASE WHEN n % 50 = 0 THEN 'public' ELSE 'private' END, 'beginner', now() - n * interval '1 minute', now()
		FROM generate_series(1, 3000) n`, owner).Error)
	require.NoError(t, db.Exec("ANALYZE").Error)
	sql, args := models.CourseFilter{Limit: 20}.SQL(eve)
	var plan string
	require.NoError(t, db.Raw("EXPLAIN (FORMAT JSON) "+sql, args).Row().Scan(&plan))
	require.Contains(t, plan, "courses_listed_idx")
	courses, err := models.ListCourses(t.Context(), db, eve, models.CourseFilter{Limit: 50, Offset: 20})
	require.NoError(t, err)
	require.Len(t, courses, 40)
}
