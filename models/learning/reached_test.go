package learning_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// unlocking counts what is enqueued.
type unlocking struct {
	notify.Enqueuer

	n int
}

func newUnlocking() *unlocking {
	u := &unlocking{}
	u.Unlock = func(user, event uuid.UUID) store.OutboxMessage {
		u.n++
		m := fixture.OutboxMessage(store.OutboxStart, "UnlockAchievements", fixture.Start)
		m.WorkflowID = user.String() + event.String()
		return m
	}
	u.Reached = func(tx *gorm.DB, user uuid.UUID, raised ...gamification.Fact) (bool, error) {
		return learning.Reached(tx, user, fixture.Start, raised...)
	}
	return u
}

func applyAchievement(t *testing.T, db *gorm.DB, id, criteria string) {
	t.Helper()
	require.NoError(t, learning.ApplyAchievements(t.Context(), db, []learning.Achievement{{
		ID: id, Name: id, Description: id, AchievementType: "skill_mastery", Rarity: "common", Criteria: json.RawMessage(criteria), CreatedAt: fixture.Start,
	}}, fixture.OutboxMessage(store.OutboxStart, id, fixture.Start)))
}

// TestAWorkflowIsStartedOnlyForWhatIsReached awards points below, at and above what achievements ask for.
func TestAWorkflowIsStartedOnlyForWhatIsReached(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	u := newUnlocking()
	award := func(points int) int {
		t.Helper()
		u.n = 0
		a := learning.Award{AdminID: ada, UserID: ada, Points: points, Reason: "r", At: fixture.Start, Entry: fixture.AuditLine(store.AuditPointsAwarded, fixture.Start)}
		_, _, err := learning.AwardPoints(t.Context(), db, a, u.Enqueuer)
		require.NoError(t, err)
		return u.n
	}
	unlock := func() []string {
		t.Helper()
		got, err := learning.UnlockFor(t.Context(), db, ada, fixture.Start, notify.Enqueuer{})
		require.NoError(t, err)
		return got
	}
	require.Zero(t, award(1))
	require.Zero(t, award(998))
	require.Equal(t, 1, award(1), "a thousand points")
	require.Zero(t, award(1), "its workflow is started already")
	require.Equal(t, []string{"points_1000"}, unlock())
	require.Zero(t, award(1))

	applyAchievement(t, db, "both", `{"all":[{"fact":"points","at_least":1300},{"fact":"comments_on_others","at_least":1}]}`)
	applyAchievement(t, db, "either", `{"any":[{"fact":"points","at_least":5000},{"fact":"reviews","at_least":3}]}`)
	require.Zero(t, award(500), "points alone are not both")
	require.Equal(t, 1, award(5000), "one of two is enough")
	require.Equal(t, []string{"either"}, unlock())
	applyAchievement(t, db, "odd", `{"fact":"level","at_least":1}`)
	require.Zero(t, award(1), "the level has not risen")
}

// TestOfTwoFactsThatMeetOneSeesBoth publishes a course while points are awarded, and both are asked for.
func TestOfTwoFactsThatMeetOneSeesBoth(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	applyAchievement(t, db, "both", `{"all":[{"fact":"points","at_least":10},{"fact":"courses_generated","at_least":1}]}`)
	require.NoError(t, db.Exec("DELETE FROM achievements WHERE id <> 'both'").Error)
	first, second := newUnlocking(), newUnlocking()
	done := make(chan error, 1)
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("INSERT INTO courses SELECT (jsonb_populate_record(NULL::courses, to_jsonb(c) || jsonb_build_object('id', ?::text, 'owner_user_id', ?::text))).* FROM courses c WHERE c.id = ?",
			store.NewID(), ada, fixture.Published(t, db, fixture.SignedUp(t, db, "owner@example.com", fixture.Start).UserID).ID).Error; err != nil {
			return err
		}
		if err := first.EnqueueUnlockBy(tx, ada, store.NewID(), gamification.FactGenerated); err != nil {
			return err
		}
		go func() {
			_, _, err := learning.AwardPoints(t.Context(), db, learning.Award{
				AdminID: ada, UserID: ada, Points: 10, Reason: "r", At: fixture.Start, Entry: fixture.AuditLine(store.AuditPointsAwarded, fixture.Start),
			}, second.Enqueuer)
			done <- err
		}()
		require.Eventually(t, func() bool {
			var waiting int
			err := db.Raw("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting).Error
			return err == nil && waiting == 1
		}, time.Minute, 5*time.Millisecond, "the award does not wait")
		return nil
	}))
	require.NoError(t, <-done)
	require.Equal(t, []int{0, 1}, []int{first.n, second.n})
}

// TestReviewsAreSeenThoughTheyEarnNothing reviews a card three times on a day on which nothing more is to be earned.
func TestReviewsAreSeenThoughTheyEarnNothing(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, ada)
	fixture.Complete(t, db, ada, c, 0, fixture.Start)
	applyAchievement(t, db, "three", `{"fact":"reviews","at_least":3}`)
	require.NoError(t, db.Exec("DELETE FROM achievements WHERE id <> 'three'").Error)
	var card learning.ReviewCard
	require.NoError(t, db.First(&card, "user_id = ?", ada).Error)
	var enqueued []int
	for n := range 3 {
		u := newUnlocking()
		_, err := learning.ReviewCardOnce(t.Context(), db, learning.Review{UserID: ada, CardID: card.ID, Recall: "good", At: fixture.Start.Add(time.Duration(n) * time.Minute)}, fixture.Start, u.Enqueuer)
		require.NoError(t, err)
		enqueued = append(enqueued, u.n)
	}
	require.Equal(t, []int{0, 0, 1}, enqueued)
}
