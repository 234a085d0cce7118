package privacy_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// dueCards returns how many cards are due, and requires statistics and reminders to agree.
func dueCards(t *testing.T, db *gorm.DB, user uuid.UUID) int {
	t.Helper()
	cards, err := learning.DueCards(t.Context(), db, user, fixture.Start, nil, 10)
	require.NoError(t, err)
	stats, err := learning.ReviewStatsOf(t.Context(), db, user, fixture.Start, fixture.Start, fixture.Start)
	require.NoError(t, err)
	require.EqualValues(t, len(cards), stats.Due)
	reminded, err := learning.RemindMany(t.Context(), db, uuid.Nil, 10, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, len(cards) > 0, reminded.Users == 1)
	return len(cards)
}

// exportedLearning returns what the export of a user has of their learning.
func exportedLearning(t *testing.T, db *gorm.DB, user uuid.UUID) (text string) {
	t.Helper()
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		for _, file := range []string{"reviews.json", "attempts.json", "deeds.json", "completions.json", "learning.json", "points.json"} {
			rows := 0
			err := privacy.EachPersonalRow(t.Context(), tx, user, file, func(row []byte) error { rows++; text += string(row); return nil })
			require.NoError(t, err)
			require.Positive(t, rows, file)
		}
		return nil
	}))
	return text
}

// TestWhatOthersReachedStaysTheirsTheTextDoesNot has a learner complete a course that its owner takes back then.
func TestWhatOthersReachedStaysTheirsTheTextDoesNot(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	owner, ada := fixture.SignedUp(t, db, "owner@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, owner)
	for n := range c.Lessons {
		fixture.Complete(t, db, ada, c, n, fixture.Start)
	}
	_, err := learning.AttemptQuiz(t.Context(), db, learning.AttemptRequest{UserID: ada, CourseID: c.ID, ItemID: c.Items[0].ID, Answers: fixture.Answering("0"), At: fixture.Start}, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.NoError(t, feed.ShareCourse(t.Context(), db, ada, c.ID, false, fixture.Start))
	cards, err := learning.DueCards(t.Context(), db, ada, fixture.Start, nil, 1)
	require.NoError(t, err)
	points, before := fixture.PointsOf(t, db, ada), exportedLearning(t, db, ada)
	require.Equal(t, 4, dueCards(t, db, ada))
	texts := []string{"Tides", "ebb 1", "Water that leaves", "Gravity", "Why?"}
	for _, text := range texts {
		require.Contains(t, before, text)
	}

	require.NoError(t, feed.UnshareCourse(t.Context(), db, owner, c.ID, fixture.Start))
	require.Zero(t, dueCards(t, db, ada))
	_, err = learning.ReviewCardOnce(t.Context(), db, learning.Review{UserID: ada, CardID: cards[0].ID, Recall: gamification.RecallGood, At: fixture.Start}, fixture.Start, notify.Enqueuer{})
	require.Equal(t, store.NotFound, store.CodeOf(err))
	p, err := learning.ProgressOf(t.Context(), db, ada, c.ID)
	require.NoError(t, err)
	require.Equal(t, 100, p.Percent)
	require.Len(t, p.CompletedLessons, 3)
	require.Equal(t, points, fixture.PointsOf(t, db, ada))
	after := exportedLearning(t, db, ada)
	for _, text := range texts {
		require.NotContains(t, after, text)
	}
	_, err = learning.ProgressOf(t.Context(), db, fixture.SignedUp(t, db, "eve@example.com", fixture.Start).UserID, c.ID)
	require.Equal(t, store.NotFound, store.CodeOf(err), "who had not begun")

	require.NoError(t, feed.ShareCourse(t.Context(), db, owner, c.ID, false, fixture.Start))
	require.Equal(t, 4, dueCards(t, db, ada), "and they are there again when it is")
}
