package models

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"
)

// CourseProgress is how far a learner is in a course.
type CourseProgress struct {
	UserID          uuid.UUID  `gorm:"type:uuid;primaryKey"`
	CourseID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	CurrentLessonID *uuid.UUID `gorm:"type:uuid"`
	Minutes         int
	StartedAt       time.Time
	LastAccessedAt  time.Time
	CompletedAt     *time.Time
}

// TableName is singular: progress has no plural.
func (CourseProgress) TableName() string { return "course_progress" }

// LessonCompletion is that a learner has completed a lesson, which happens once.
type LessonCompletion struct {
	UserID      uuid.UUID `gorm:"type:uuid;primaryKey"`
	LessonID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	CourseID    uuid.UUID `gorm:"type:uuid"`
	Minutes     int
	CompletedAt time.Time
}

// QuizAttempt is what a learner answered to a quiz, and how that was graded. It never changes.
type QuizAttempt struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	CourseID uuid.UUID `gorm:"type:uuid"`
	LessonID uuid.UUID `gorm:"type:uuid"`
	ItemID   uuid.UUID `gorm:"type:uuid"`
	Score    float64   // 0 to 1
	Passed   bool
	Answers  json.RawMessage `gorm:"type:jsonb"`
	Results  json.RawMessage `gorm:"type:jsonb"`
	At       time.Time
}

// Achievement is something to be unlocked, and the facts that unlock it.
type Achievement struct {
	ID              string `gorm:"primaryKey"`
	Name            string
	Description     string
	AchievementType string
	Rarity          string
	PointsReward    int
	IconURL         *string         `gorm:"column:icon_url"`
	Criteria        json.RawMessage `gorm:"type:jsonb"`
	Position        int             // in lists
	CreatedAt       time.Time
}

// Unlock is an achievement a user has, which they get once.
type Unlock struct {
	UserID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	AchievementID string    `gorm:"primaryKey"`
	UnlockedAt    time.Time
}

// ReviewCard is a question to be repeated, and when.
type ReviewCard struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid"`
	CourseID  uuid.UUID `gorm:"type:uuid"`
	LessonID  uuid.UUID `gorm:"type:uuid"`
	Front     string
	Back      string
	DueAt     time.Time
	CreatedAt time.Time
}

// ReviewLog is one repetition of a card and how it went. It never changes.
type ReviewLog struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	CardID   uuid.UUID `gorm:"type:uuid"`
	CourseID uuid.UUID `gorm:"type:uuid"`
	Rating   string
	At       time.Time
}
