package models_test

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/gamification"
)

// learningRows are a row in every table of learning and its rewards that names a user.
func learningRows(user, course uuid.UUID, now time.Time) []any {
	lesson, empty, achievement := models.LessonID(course, 1), json.RawMessage("[]"), "seed "+models.NewID().String()
	score := models.Score{Points: 20, UpdatedAt: now, Level: 1, LevelAt: now, AchievementsAt: now}
	return []any{
		&models.CourseProgress{UserID: user, CourseID: course, StartedAt: now, LastAccessedAt: now},
		&models.LessonCompletion{UserID: user, LessonID: lesson, CourseID: course, CompletedAt: now},
		&models.QuizAttempt{ID: models.NewID(), UserID: user, CourseID: course, LessonID: lesson, ItemID: models.ItemID(lesson, 1), Answers: empty, Results: empty, At: now},
		&models.LedgerEntry{ID: models.NewID(), UserID: user, Rule: gamification.RuleLessonCompleted, Source: lesson.String(), Points: 20, At: now},
		&models.Total{UserID: user, Score: score},
		&models.PeriodScore{Period: models.MonthPeriod(now), UserID: user, Score: score},
		&models.BoardChange{UserID: user}, &models.LearningDay{UserID: user, Day: 20_000},
		&models.ZoneMove{UserID: user, At: now, Before: "UTC", After: "Asia/Tokyo"},
		&models.StreakFreeze{UserID: user, Week: gamification.Day(20_000).Week(), Day: 20_000, SpentAt: now},
		&models.LearningRequest{UserID: user, Key: "k", RequestHash: digest("request of " + user.String()), Result: json.RawMessage("null"), At: now},
		&models.Achievement{
			ID: achievement, Name: "n", Description: "d", AchievementType: "skill_mastery", Rarity: "common", Criteria: json.RawMessage("{}"), CreatedAt: now,
		},
		&models.Unlock{UserID: user, AchievementID: achievement, UnlockedAt: now},
		&models.ReviewCard{ID: models.NewID(), UserID: user, CourseID: course, LessonID: lesson, Front: "f", Back: "b", DueAt: now, CreatedAt: now},
		&models.ReviewLog{ID: models.NewID(), UserID: user, CardID: models.NewID(), CourseID: course, Rating: "good", At: now},
	}
}
