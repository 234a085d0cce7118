package learning

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/gamification"
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

// Day is a day on which a user learned something.
type Day struct {
	UserID uuid.UUID        `gorm:"type:uuid;primaryKey"`
	Day    gamification.Day `gorm:"primaryKey;autoIncrement:false"`
}

// TableName is the table's name.
func (Day) TableName() string { return "learning_days" }

// StreakFreeze is a day that a user's streak goes over. A week has one.
type StreakFreeze struct {
	UserID  uuid.UUID        `gorm:"type:uuid;primaryKey"`
	Week    gamification.Day `gorm:"primaryKey;autoIncrement:false"` // its Monday
	Day     gamification.Day
	SpentAt time.Time
}

// Request is a request with an Idempotency-Key, and what came of it.
type Request struct {
	UserID      uuid.UUID       `gorm:"type:uuid;primaryKey"`
	Key         string          `gorm:"primaryKey"`
	RequestHash []byte          // SHA-256
	Result      json.RawMessage `gorm:"type:jsonb"`
	At          time.Time
}

// TableName is the table's name.
func (Request) TableName() string { return "learning_requests" }

// Achievement is something to be unlocked, and the facts that unlock it.
type Achievement struct {
	ID              string `gorm:"primaryKey"`
	Name            string
	Description     string
	AchievementType string
	Rarity          string
	PointsReward    int
	IconURL         *string         `gorm:"column:icon_url"`
	Criteria        json.RawMessage `gorm:"type:jsonb"` // gamification.Criteria
	Position        int             // in lists
	CreatedAt       time.Time
}

// Unlock is an achievement a user has, which they get once.
type Unlock struct {
	UserID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	AchievementID string    `gorm:"primaryKey"`
	UnlockedAt    time.Time
}

// CardKind is what a card was made from.
type CardKind string

// The kinds there are.
const (
	CardQuestion CardKind = "question" // of a quiz
	CardTerm     CardKind = "term"     // of a lesson's key terms
)

// ReviewCard is a question to be repeated, when, and what the scheduler knows of it.
type ReviewCard struct {
	ID            uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID        uuid.UUID `gorm:"type:uuid"`
	CourseID      uuid.UUID `gorm:"type:uuid"`
	LessonID      uuid.UUID `gorm:"type:uuid"`
	Kind          CardKind  `gorm:"default:term"`
	Front         string
	Back          string
	DueAt         time.Time
	CreatedAt     time.Time
	State         string `gorm:"default:new"` // new, learning, review or relearning
	Stability     float64
	Difficulty    float64
	ScheduledDays int
	Reps          int
	Lapses        int
	ReviewedAt    *time.Time // the last time
}

// ReviewLog is one repetition of a card and how it went. It never changes.
type ReviewLog struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	CardID   uuid.UUID `gorm:"type:uuid"`
	CourseID uuid.UUID `gorm:"type:uuid"`
	Rating   string
	State    string `gorm:"default:new"` // of the card before
	At       time.Time
}

// PeriodScore is what a user has earned in a month or a week.
type PeriodScore struct {
	Period string    `gorm:"primaryKey"`
	UserID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Score
}

// TableName says what its rows are together.
func (PeriodScore) TableName() string { return "standings" }

// BoardChange is that a user's place on the boards is not what it was.
type BoardChange struct {
	ID     int64     `gorm:"primaryKey;->"`
	UserID uuid.UUID `gorm:"type:uuid"`
}

// BoardState is what the boards in Redis must say of themselves to be believed.
type BoardState struct {
	ID         bool       `gorm:"primaryKey"` // there is one row
	Generation *uuid.UUID `gorm:"type:uuid"`  // part of their keys; nil: there are none
	Stamp      *uuid.UUID `gorm:"type:uuid"`  // of the last change to them
}

// TableName is singular: there is one row.
func (BoardState) TableName() string { return "board_state" }
