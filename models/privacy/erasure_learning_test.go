package privacy_test

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

// learningRows returns a row in every table of learning and its rewards that names a user.
func learningRows(user, course uuid.UUID, now time.Time) []any {
	lesson, empty, achievement := courses.LessonID(course, 1), json.RawMessage("[]"), "seed "+store.NewID().String()
	score := learning.Score{Points: 20, UpdatedAt: now, Level: 1, LevelAt: now, AchievementsAt: now}
	return []any{
		&learning.CourseProgress{UserID: user, CourseID: course, StartedAt: now, LastAccessedAt: now},
		&learning.LessonCompletion{UserID: user, LessonID: lesson, CourseID: course, CompletedAt: now},
		&learning.QuizAttempt{ID: store.NewID(), UserID: user, CourseID: course, LessonID: lesson, ItemID: courses.ItemID(lesson, 1), Answers: empty, Results: empty, At: now},
		&learning.LedgerEntry{ID: store.NewID(), UserID: user, Rule: gamification.RuleLessonCompleted, Source: lesson.String(), Points: 20, At: now},
		&learning.Total{UserID: user, Score: score},
		&learning.PeriodScore{Period: learning.MonthPeriod(now), UserID: user, Score: score},
		&learning.BoardChange{UserID: user}, &learning.Day{UserID: user, Day: 20_000},
		&accounts.ZoneMove{UserID: user, At: now, Before: "UTC", After: "Asia/Tokyo"},
		&learning.StreakFreeze{UserID: user, Week: gamification.Day(20_000).Week(), Day: 20_000, SpentAt: now},
		&learning.Request{UserID: user, Key: "k", RequestHash: fixture.Digest("request of " + user.String()), Result: json.RawMessage("null"), At: now},
		&learning.Achievement{
			ID: achievement, Name: "n", Description: "d", AchievementType: "skill_mastery", Rarity: "common", Criteria: json.RawMessage("{}"), CreatedAt: now,
		},
		&learning.Unlock{UserID: user, AchievementID: achievement, UnlockedAt: now},
		&learning.ReviewCard{ID: store.NewID(), UserID: user, CourseID: course, LessonID: lesson, Front: "f", Back: "b", DueAt: now, CreatedAt: now},
		&learning.ReviewLog{ID: store.NewID(), UserID: user, CardID: store.NewID(), CourseID: course, Rating: "good", At: now},
	}
}
