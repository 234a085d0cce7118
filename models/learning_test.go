package models_test

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

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/modelstest"
)

// published is a READY course of three lessons, each with a key term and a quiz.
func published(t *testing.T, db *gorm.DB, owner uuid.UUID) models.Course {
	t.Helper()
	c := models.Course{
		ID: models.NewID(), OwnerUserID: owner, Title: "Tides", Topic: "Tides", Status: models.CourseReady, Visibility: models.VisibilityPublic, DifficultyLevel: "beginner", Locale: "en",
		CreatedAt: start, UpdatedAt: start, PublishedAt: &start,
	}
	require.NoError(t, db.Create(&c).Error)
	for n := 1; n <= 3; n++ {
		l := models.Lesson{
			ID: models.LessonID(c.ID, n), CourseID: c.ID, Position: n, Title: fmt.Sprint("Part ", n), Content: "water", Revision: 1, CreatedAt: start, UpdatedAt: start,
			KeyTerms: []models.KeyTerm{{Term: fmt.Sprint("ebb ", n), Definition: "Water that leaves."}},
		}
		item := models.Item{
			ID: models.ItemID(l.ID, 1), CourseID: c.ID, LessonID: l.ID, Position: 1, Type: "quiz", Title: "Quiz", Source: models.SourceLyo, DifficultyLevel: "beginner", Language: "en", CreatedAt: start,
			Quiz: []models.QuizQuestion{{ID: "q1", Kind: "single_choice", Prompt: "Why?", Options: []string{"moon", "sun"}, Explanation: "Gravity."}},
		}
		require.NoError(t, db.Create(&l).Error)
		require.NoError(t, db.Create(&item).Error)
		c.Lessons, c.Items = append(c.Lessons, l), append(c.Items, item)
	}
	return c
}

// answering gives the same answer to every question.
func answering(answer string) func([]models.QuizQuestion) (map[string]json.RawMessage, error) {
	return func(quiz []models.QuizQuestion) (map[string]json.RawMessage, error) {
		answers := map[string]json.RawMessage{}
		for _, q := range quiz {
			answers[q.ID] = json.RawMessage(answer)
		}
		return answers, nil
	}
}

func keyOf(value string) models.Key {
	hash := sha256.Sum256([]byte("a request"))
	return models.Key{Value: value, Hash: hash[:]}
}

func complete(t *testing.T, db *gorm.DB, user uuid.UUID, c models.Course, n int, at time.Time) models.Progress {
	t.Helper()
	p, err := models.StudyLesson(t.Context(), db, models.Study{
		UserID: user, CourseID: c.ID, LessonID: c.Lessons[n].ID, Completed: true, Minutes: 10, At: at,
	}, at, models.Enqueuer{})
	require.NoError(t, err)
	return p
}

func pointsOf(t *testing.T, db *gorm.DB, user uuid.UUID) int64 {
	t.Helper()
	total, err := models.TotalOf(t.Context(), db, user)
	require.NoError(t, err)
	return total.Points
}

func TestALessonIsCompletedOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	c := published(t, db, signedUp(t, db, "owner@example.com", start).UserID)
	var group errgroup.Group
	for range 20 {
		group.Go(func() error {
			_, err := models.StudyLesson(context.Background(), db, models.Study{
				UserID: ada, CourseID: c.ID, LessonID: c.Lessons[0].ID, Completed: true, Minutes: 10, At: start,
			}, start, models.Enqueuer{})
			return err
		})
	}
	require.NoError(t, group.Wait())
	p, err := models.ProgressOf(t.Context(), db, ada, c.ID)
	require.NoError(t, err)
	require.Equal(t, 33, p.Percent)
	require.Equal(t, 10, p.Minutes)
	require.Equal(t, c.Lessons[1].ID, *p.CurrentLessonID)
	require.EqualValues(t, 25, pointsOf(t, db, ada), "the lesson, and the day's first deed")
	complete(t, db, ada, c, 1, start)
	p = complete(t, db, ada, c, 2, start.Add(24*time.Hour))
	require.Equal(t, 100, p.Percent)
	require.NotNil(t, p.CompletedAt)
	require.EqualValues(t, 25+20+20+100+5, pointsOf(t, db, ada))
	streak, err := models.StreakOf(t.Context(), db, ada, start.Add(25*time.Hour))
	require.NoError(t, err)
	require.Equal(t, 2, streak.Current)
}

func TestMinutesCountOncePerKey(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	c := published(t, db, ada)
	study := models.Study{UserID: ada, CourseID: c.ID, LessonID: c.Lessons[0].ID, Minutes: 7, At: start, Key: keyOf("k")}
	for range 3 {
		p, err := models.StudyLesson(t.Context(), db, study, start, models.Enqueuer{})
		require.NoError(t, err)
		require.Equal(t, 7, p.Minutes)
		require.Empty(t, p.CompletedLessons)
	}
	study.Key.Hash = make([]byte, 32)
	_, err := models.StudyLesson(t.Context(), db, study, start, models.Enqueuer{})
	require.Equal(t, models.ReusedKey, models.CodeOf(err))
	require.Zero(t, pointsOf(t, db, ada), "minutes alone earn nothing")
	require.NoError(t, models.SweepRequests(t.Context(), db, start.AddDate(0, 2, 0), 10))
	study.LessonID = models.NewID()
	_, err = models.StudyLesson(t.Context(), db, study, start, models.Enqueuer{})
	require.Equal(t, models.NotFound, models.CodeOf(err))
}

func TestAttemptsAreKeptAndEarnOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	c := published(t, db, ada)
	try := func(answer string, key string) models.QuizAttempt {
		r := models.AttemptRequest{UserID: ada, CourseID: c.ID, ItemID: c.Items[0].ID, Answers: answering(answer), At: start}
		if key != "" {
			r.Key = keyOf(key)
		}
		a, err := models.AttemptQuiz(t.Context(), db, r, start, models.Enqueuer{})
		require.NoError(t, err)
		return a
	}
	require.False(t, try("1", "").Passed)
	require.Zero(t, pointsOf(t, db, ada))
	first := try("0", "k")
	require.True(t, first.Passed)
	require.Equal(t, first.ID, try("0", "k").ID)
	require.NotEqual(t, first.ID, try(`"moon"`, "").ID)
	require.EqualValues(t, 20, pointsOf(t, db, ada), "the quiz once, and the day's first deed")
	for _, change := range []string{"UPDATE quiz_attempts SET score = 1", "DELETE FROM quiz_attempts", "UPDATE ledger SET points = 9", "DELETE FROM ledger", "TRUNCATE ledger CASCADE"} {
		require.ErrorContains(t, db.Exec(change).Error, "append-only", change)
	}
	var cards int64
	require.NoError(t, db.Model(&models.ReviewCard{}).Count(&cards).Error)
	require.Zero(t, cards, "the lesson is not completed")
	complete(t, db, ada, c, 0, start)
	complete(t, db, ada, c, 1, start)
	require.NoError(t, db.Model(&models.ReviewCard{}).Count(&cards).Error)
	require.EqualValues(t, 3, cards, "two terms, and the question that was tried")
	require.NoError(t, db.Model(&models.ReviewCard{}).Where("kind = 'question' AND lesson_id = ?", c.Lessons[1].ID).Count(&cards).Error)
	require.Zero(t, cards, "an answer never leaves before an attempt")
}

func TestADayHasRoomForSoManyPoints(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	earn := func(rule gamification.Rule, n int, at time.Time) {
		for i := range n {
			require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
				_, err := models.Earn(tx, ada, rule, fmt.Sprint(at.Unix(), " ", i), at, models.Enqueuer{})
				return err
			}))
		}
	}
	earn(gamification.RulePostCreated, 12, start)
	require.EqualValues(t, 105, pointsOf(t, db, ada))
	earn(gamification.RuleCommentCreated, 22, start)
	require.EqualValues(t, 205, pointsOf(t, db, ada))
	earn(gamification.RulePostCreated, 1, start.Add(24*time.Hour))
	require.EqualValues(t, 220, pointsOf(t, db, ada))
}

func TestAWeeksFreezeIsSpentOnce(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	monday := time.Date(2026, 11, 9, 12, 0, 0, 0, time.UTC)
	ada := signedUp(t, db, "ada@example.com", monday).UserID
	c := published(t, db, ada)
	complete(t, db, ada, c, 0, monday)
	wednesday := monday.AddDate(0, 0, 2)
	before, err := models.StreakOf(t.Context(), db, ada, wednesday)
	require.NoError(t, err)
	require.Zero(t, before.Current, "Tuesday was missed")
	require.Equal(t, "2026-11-10", before.Freezable.String())
	var mu sync.Mutex
	spent := 0
	var group errgroup.Group
	for range 5 {
		group.Go(func() error {
			_, err := models.SpendFreeze(context.Background(), db, ada, wednesday)
			if models.CodeOf(err) == models.Conflict {
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
	complete(t, db, ada, c, 1, wednesday)
	after, err := models.StreakOf(t.Context(), db, ada, wednesday)
	require.NoError(t, err)
	require.Equal(t, []int{2, 2}, []int{after.Current, after.Longest})
}

func TestARewardUnlocksTheNextUntilNothingChanges(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	for i, a := range []models.Achievement{
		{ID: "z_last", Criteria: json.RawMessage(`{"fact":"points","at_least":300}`), PointsReward: 1},
		{ID: "b_second", Criteria: json.RawMessage(`{"fact":"points","at_least":120}`), PointsReward: 200},
		{ID: "c_all", Criteria: json.RawMessage(`{"all":[{"fact":"achievements","at_least":3},{"fact":"level","at_least":1}]}`), PointsReward: 0},
	} {
		a.Name, a.Description, a.AchievementType, a.Rarity, a.Position, a.CreatedAt = a.ID, "d", "skill_mastery", "common", i+50, start
		require.NoError(t, db.Create(&a).Error)
	}
	_, _, err := models.AwardPoints(t.Context(), db, models.Award{AdminID: ada, UserID: ada, Points: 120, Reason: "r", At: start, Entry: auditLine(models.AuditPointsAwarded, start)}, models.Enqueuer{})
	require.NoError(t, err)
	unlocked, err := models.UnlockFor(t.Context(), db, ada, start, models.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, []string{"b_second", "z_last"}, unlocked)
	published(t, db, ada)
	unlocked, err = models.UnlockFor(t.Context(), db, ada, start, models.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, []string{"course_creator", "c_all"}, unlocked)
	again, err := models.UnlockFor(t.Context(), db, ada, start, models.Enqueuer{})
	require.NoError(t, err)
	require.Empty(t, again)
	require.EqualValues(t, 120+200+1+50, pointsOf(t, db, ada))
	var news, entries int64
	require.NoError(t, db.Model(&models.Notification{}).Where("kind = ?", models.NotifyAchievement).Count(&news).Error)
	require.NoError(t, db.Model(&models.FeedEntry{}).Where("kind = ?", models.FeedUnlocked).Count(&entries).Error)
	require.Equal(t, []int64{4, 4}, []int64{news, entries})
	done, err := models.ApplyToMany(t.Context(), db, uuid.Nil, 10, start, models.Enqueuer{})
	require.NoError(t, err)
	require.Equal(t, models.Applied{Last: ada, Users: 1}, done)
}

func TestARecountFindsAndMendsWhatDiffers(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada := signedUp(t, db, "ada@example.com", start).UserID
	c := published(t, db, ada)
	complete(t, db, ada, c, 0, start)
	complete(t, db, ada, c, 1, start.Add(-30*time.Hour)) // told of later
	_, err := models.UnlockFor(t.Context(), db, ada, start, models.Enqueuer{})
	require.NoError(t, err)
	count := func() []models.Difference {
		done, err := models.RecountMany(t.Context(), db, uuid.Nil, 10, start)
		require.NoError(t, err)
		require.Equal(t, 1, done.Users)
		return done.Differences
	}
	require.Empty(t, count())
	was, err := models.TotalOf(t.Context(), db, ada)
	require.NoError(t, err)
	require.NoError(t, db.Exec("UPDATE totals SET points = 5, level = 7, streak = 99, lessons = 0").Error)
	require.NoError(t, db.Exec("DELETE FROM standings WHERE length(period) = 7").Error)
	require.NotEmpty(t, count())
	is, err := models.TotalOf(t.Context(), db, ada)
	require.NoError(t, err)
	require.Equal(t, was, is)
	require.Empty(t, count())
}

func TestReviewsComeBackAndKeepTheStreak(t *testing.T) {
	t.Parallel()
	db := modelstest.New(t)
	ada, eve := signedUp(t, db, "ada@example.com", start).UserID, signedUp(t, db, "eve@example.com", start).UserID
	c := published(t, db, ada)
	complete(t, db, ada, c, 0, start)
	cards, err := models.DueCards(t.Context(), db, ada, start, nil, 10)
	require.NoError(t, err)
	require.Len(t, cards, 1)
	tomorrow := start.Add(24 * time.Hour)
	review := models.Review{UserID: ada, CardID: cards[0].ID, Recall: gamification.RecallEasy, At: tomorrow, Key: keyOf("r")}
	var card models.ReviewCard
	for range 2 {
		card, err = models.ReviewCardOnce(t.Context(), db, review, tomorrow, models.Enqueuer{})
		require.NoError(t, err)
		require.Equal(t, 1, card.Reps)
	}
	require.True(t, card.DueAt.After(tomorrow))
	require.EqualValues(t, 25+5, pointsOf(t, db, ada))
	streak, err := models.StreakOf(t.Context(), db, ada, tomorrow)
	require.NoError(t, err)
	require.Equal(t, 2, streak.Current)
	review.UserID, review.Key = eve, models.Key{}
	_, err = models.ReviewCardOnce(t.Context(), db, review, tomorrow, models.Enqueuer{})
	require.Equal(t, models.NotFound, models.CodeOf(err))

	evening := time.Date(card.DueAt.Year(), card.DueAt.Month(), card.DueAt.Day(), 18, 0, 0, 0, time.UTC).AddDate(0, 0, 1)
	for _, at := range []time.Time{evening.Add(-6 * time.Hour), evening, evening.Add(time.Hour)} {
		_, err := models.RemindMany(t.Context(), db, uuid.Nil, 10, at, models.Enqueuer{})
		require.NoError(t, err)
	}
	var reminders []models.Notification
	require.NoError(t, db.Find(&reminders, "kind = ?", models.NotifyReminder).Error)
	require.Len(t, reminders, 1, "in the evening, once a day")
	require.Equal(t, evening, reminders[0].CreatedAt.UTC())
	require.Equal(t, "One card is due.", reminders[0].Body)
}
