package learning_test

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func keyOf(value string) learning.IdempotencyKey {
	hash := sha256.Sum256([]byte("a request"))
	return learning.IdempotencyKey{Value: value, Hash: hash[:]}
}

func TestALessonIsCompletedOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, fixture.SignedUp(t, db, "owner@example.com", fixture.Start).UserID)
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			_, err := learning.StudyLesson(context.Background(), db, learning.Study{
				UserID: ada, CourseID: c.ID, LessonID: c.Lessons[0].ID, Completed: true, Minutes: 10, At: fixture.Start,
			}, fixture.Start, notify.Enqueuer{})
			return err
		})
	}
	require.NoError(t, group.Wait())
	p, err := learning.ProgressOf(t.Context(), db, ada, c.ID)
	require.NoError(t, err)
	require.Equal(t, 33, p.Percent)
	require.Equal(t, 10, p.Minutes)
	require.Equal(t, c.Lessons[1].ID, *p.CurrentLessonID)
	require.EqualValues(t, 25, fixture.PointsOf(t, db, ada), "the lesson, and the day's first event")
	fixture.Complete(t, db, ada, c, 1, fixture.Start)
	p = fixture.Complete(t, db, ada, c, 2, fixture.Start.Add(24*time.Hour))
	require.Equal(t, 100, p.Percent)
	require.NotNil(t, p.CompletedAt)
	require.EqualValues(t, 25+20+20+100+5, fixture.PointsOf(t, db, ada))
	streak, err := learning.StreakOf(t.Context(), db, ada, fixture.Start.Add(25*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, streak.Current)
}

func TestMinutesCountOncePerKey(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, ada)
	study := learning.Study{UserID: ada, CourseID: c.ID, LessonID: c.Lessons[0].ID, Minutes: 7, At: fixture.Start, Key: keyOf("k")}
	for range 3 {
		p, err := learning.StudyLesson(t.Context(), db, study, fixture.Start, notify.Enqueuer{})
		require.NoError(t, err)
		require.Equal(t, 7, p.Minutes)
		require.Empty(t, p.CompletedLessons)
	}
	study.Key.Hash = make([]byte, 32)
	_, err := learning.StudyLesson(t.Context(), db, study, fixture.Start, notify.Enqueuer{})
	require.Equal(t, store.ReusedKey, store.CodeOf(err))
	require.Zero(t, fixture.PointsOf(t, db, ada), "minutes alone earn nothing")
	require.NoError(t, learning.SweepRequests(t.Context(), db, fixture.Start.AddDate(0, 2, 0), 10))
	study.LessonID = store.NewID()
	_, err = learning.StudyLesson(t.Context(), db, study, fixture.Start, notify.Enqueuer{})
	require.Equal(t, store.NotFound, store.CodeOf(err))
}

func TestAttemptsAreKeptAndEarnOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, ada)
	try := func(answer string, key string) learning.QuizAttempt {
		r := learning.AttemptRequest{UserID: ada, CourseID: c.ID, ItemID: c.Items[0].ID, Answers: fixture.Answering(answer), At: fixture.Start}
		if key != "" {
			r.Key = keyOf(key)
		}
		a, err := learning.AttemptQuiz(t.Context(), db, r, fixture.Start, notify.Enqueuer{})
		require.NoError(t, err)
		return a
	}
	require.False(t, try("1", "").Passed)
	require.Zero(t, fixture.PointsOf(t, db, ada))
	first := try("0", "k")
	require.True(t, first.Passed)
	require.Equal(t, first.ID, try("0", "k").ID)
	require.NotEqual(t, first.ID, try(`"moon"`, "").ID)
	require.EqualValues(t, 20, fixture.PointsOf(t, db, ada), "the quiz once, and the day's first event")
	for _, change := range []string{"UPDATE quiz_attempts SET score = 1", "DELETE FROM quiz_attempts", "UPDATE ledger SET points = 9", "DELETE FROM ledger", "TRUNCATE ledger CASCADE"} {
		require.ErrorContains(t, db.Exec(change).Error, "append-only", change)
	}
	var cards int64
	require.NoError(t, db.Model(&learning.ReviewCard{}).Count(&cards).Error)
	require.Zero(t, cards, "the lesson is not completed")
	fixture.Complete(t, db, ada, c, 0, fixture.Start)
	fixture.Complete(t, db, ada, c, 1, fixture.Start)
	require.NoError(t, db.Model(&learning.ReviewCard{}).Count(&cards).Error)
	require.EqualValues(t, 3, cards, "two terms, and the question that was tried")
	require.NoError(t, db.Model(&learning.ReviewCard{}).Where("kind = 'question' AND lesson_id = ?", c.Lessons[1].ID).Count(&cards).Error)
	require.Zero(t, cards, "an answer never leaves before an attempt")
}

func TestADayHasRoomForSoManyPoints(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	earn := func(rule gamification.Rule, n int, at time.Time) {
		for i := range n {
			require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
				return learning.Earn(tx, ada, rule, fmt.Sprint(at.Unix(), " ", i), at, notify.Enqueuer{})
			}))
		}
	}
	earn(gamification.RulePostCreated, 12, fixture.Start)
	require.EqualValues(t, 105, fixture.PointsOf(t, db, ada))
	earn(gamification.RuleCommentCreated, 22, fixture.Start)
	require.EqualValues(t, 205, fixture.PointsOf(t, db, ada))
	earn(gamification.RulePostCreated, 1, fixture.Start.Add(24*time.Hour))
	require.EqualValues(t, 220, fixture.PointsOf(t, db, ada))
}

func TestAWeeksFreezeIsSpentOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	monday := time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)
	ada := fixture.SignedUp(t, db, "ada@example.com", monday).UserID
	c := fixture.Published(t, db, ada)
	fixture.Complete(t, db, ada, c, 0, monday)
	wednesday := monday.AddDate(0, 0, 2)
	before, err := learning.StreakOf(t.Context(), db, ada, wednesday)
	require.NoError(t, err)
	require.Zero(t, before.Current, "Tuesday was missed")
	require.Equal(t, "2026-11-10", before.Freezable.String())
	var mu sync.Mutex
	spent := 0
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			_, err := learning.SpendFreeze(context.Background(), db, ada, wednesday, notify.Enqueuer{})
			if store.CodeOf(err) == store.Conflict {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			spent++
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, 1, spent)
	fixture.Complete(t, db, ada, c, 1, wednesday)
	after, err := learning.StreakOf(t.Context(), db, ada, wednesday)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, []int{after.Current, after.Longest})
}

func TestARewardUnlocksTheNextUntilNothingChanges(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	for i, a := range []learning.Achievement{
		{ID: "z_last", Criteria: json.RawMessage(`{"fact":"points","at_least":300}`), PointsReward: 1},
		{ID: "b_second", Criteria: json.RawMessage(`{"fact":"points","at_least":120}`), PointsReward: 200},
		{ID: "c_all", Criteria: json.RawMessage(`{"all":[{"fact":"achievements","at_least":3},{"fact":"level","at_least":1}]}`), PointsReward: 0},
	} {
		a.Name, a.Description, a.AchievementType, a.Rarity, a.Position, a.CreatedAt = a.ID, "d", "skill_mastery", "common", i+50, fixture.Start
		require.NoError(t, db.Create(&a).Error)
	}
	_, _, err := learning.AwardPoints(t.Context(), db, learning.Award{AdminID: ada, UserID: ada, Points: 120, Reason: "r", At: fixture.Start, Entry: fixture.AuditLine(store.AuditPointsAwarded, fixture.Start)}, notify.Enqueuer{})
	require.NoError(t, err)
	unlocked, err := learning.UnlockFor(t.Context(), db, ada, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, []string{"b_second", "z_last"}, unlocked)
	fixture.Published(t, db, ada)
	unlocked, err = learning.UnlockFor(t.Context(), db, ada, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, []string{"course_creator", "c_all"}, unlocked)
	again, err := learning.UnlockFor(t.Context(), db, ada, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.Empty(t, again)
	require.EqualValues(t, 120+200+1+50, fixture.PointsOf(t, db, ada))
	var news, entries int64
	require.NoError(t, db.Model(&notify.Notification{}).Where("kind = ?", notify.NotifyAchievement).Count(&news).Error)
	require.NoError(t, db.Model(&activity.FeedEntry{}).Where("kind = ?", activity.FeedUnlocked).Count(&entries).Error)
	require.Equal(t, []int64{4, 4}, []int64{news, entries})
	done, err := learning.ApplyToMany(t.Context(), db, uuid.Nil, 10, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, learning.Applied{Last: ada, Users: 1}, done)
}

func TestARecountFindsAndMendsWhatDiffers(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, ada)
	fixture.Complete(t, db, ada, c, 0, fixture.Start)
	fixture.Complete(t, db, ada, c, 1, fixture.Start.Add(-30*time.Hour)) // reported later
	_, err := learning.UnlockFor(t.Context(), db, ada, fixture.Start, notify.Enqueuer{})
	require.NoError(t, err)
	count := func() []learning.Difference {
		done, err := learning.RecountMany(t.Context(), db, uuid.Nil, 10, fixture.Start)
		require.NoError(t, err)
		require.Equal(t, 1, done.Users)
		return done.Differences
	}
	require.Empty(t, count())
	was, err := learning.TotalOf(t.Context(), db, ada)
	require.NoError(t, err)
	require.NoError(t, db.Exec("UPDATE totals SET points = 5, level = 7, streak = 99, lessons = 0").Error)
	require.NoError(t, db.Exec("DELETE FROM standings WHERE length(period) = 7").Error)
	require.NotEmpty(t, count())
	is, err := learning.TotalOf(t.Context(), db, ada)
	require.NoError(t, err)
	require.Equal(t, was, is)
	require.Empty(t, count())
}

func TestReviewsComeBackAndKeepTheStreak(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada, eve := fixture.SignedUp(t, db, "ada@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "eve@example.com", fixture.Start).UserID
	c := fixture.Published(t, db, ada)
	fixture.Complete(t, db, ada, c, 0, fixture.Start)
	cards, err := learning.DueCards(t.Context(), db, ada, fixture.Start, nil, 10)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	tomorrow := fixture.Start.Add(24 * time.Hour)
	review := learning.Review{UserID: ada, CardID: cards[0].ID, Recall: gamification.RecallEasy, At: tomorrow, Key: keyOf("r")}
	var card learning.ReviewCard
	for range 2 {
		card, err = learning.ReviewCardOnce(t.Context(), db, review, tomorrow, notify.Enqueuer{})
		require.NoError(t, err)
		require.Equal(t, 1, card.Reps)
	}
	require.True(t, card.DueAt.After(tomorrow))
	require.EqualValues(t, 25+5, fixture.PointsOf(t, db, ada))
	streak, err := learning.StreakOf(t.Context(), db, ada, tomorrow)
	require.NoError(t, err)
	require.Equal(t, 2, streak.Current)
	review.UserID, review.Key = eve, learning.IdempotencyKey{}
	_, err = learning.ReviewCardOnce(t.Context(), db, review, tomorrow, notify.Enqueuer{})
	require.Equal(t, store.NotFound, store.CodeOf(err))

	evening := time.Date(card.DueAt.Year(), card.DueAt.Month(), card.DueAt.Day(), 18, 0, 0, 0, time.UTC).AddDate(0, 0, 1)
	for _, at := range []time.Time{evening.Add(-6 * time.Hour), evening, evening.Add(time.Hour)} {
		_, err := learning.RemindMany(t.Context(), db, uuid.Nil, 10, at, notify.Enqueuer{})
		require.NoError(t, err)
	}
	var reminders []notify.Notification
	require.NoError(t, db.Find(&reminders, "kind = ?", notify.NotifyReminder).Error)
	require.Len(t, reminders, 1, "in the evening, once a day")
	require.Equal(t, evening, reminders[0].CreatedAt.UTC())
	require.Equal(t, "One card is due.", reminders[0].Body)
}
