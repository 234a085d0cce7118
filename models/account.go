package models

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// MailKind is what a mail is about.
type MailKind string

// The mails that carry a token, which is good once.
const (
	MailVerify  MailKind = "verify_email"   // proves the account's address
	MailChange  MailKind = "change_email"   // proves the pending address, which becomes the account's
	MailReset   MailKind = "reset_password" // proves the account's address, and replaces the password
	MailRestore MailKind = "restore_email"  // brings back the proven address before a change
)

// The mails that only tell.
const (
	MailChangeRequested MailKind = "change_requested" // to the account's address, while another is pending
	MailPasswordChanged MailKind = "password_changed"
	MailSignInAttempts  MailKind = "sign_in_attempts" // wrong passwords from many addresses
)

// CarriesToken tells whether mails of the kind have a token in them.
func (k MailKind) CarriesToken() bool {
	return slices.Contains([]MailKind{MailVerify, MailChange, MailReset, MailRestore}, k)
}

// Mail is one to be sent, and the hash of the token in it.
type Mail struct {
	ID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	UserID    *uuid.UUID `gorm:"type:uuid"` // nil: to be found by the address when it is sent
	Kind      MailKind
	Address   string // where it goes
	TokenHash []byte // SHA-256; nil: it carries no token
	CreatedAt time.Time
	ExpiresAt time.Time // of the token, and of the wish to send it
	SentAt    *time.Time
	UsedAt    *time.Time
}

// Export is a user's data, packed for them.
type Export struct {
	ID           uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID       uuid.UUID `gorm:"type:uuid"`
	SizeBytes    int64
	CreatedAt    time.Time
	ExpiresAt    *time.Time // nil: not ready
	DownloadedAt *time.Time
}

// ExportPart is a piece of an export's archive.
type ExportPart struct {
	ExportID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Position int       `gorm:"primaryKey;autoIncrement:false"` // from 1
	Data     []byte
}

// LearningKind is a deed of learning.
type LearningKind string

// Every deed that counts for days, streaks and minutes.
const (
	LessonCompleted LearningKind = "lesson_completed"
	CourseCompleted LearningKind = "course_completed"
	QuizPassed      LearningKind = "quiz_passed"
	Reviewed        LearningKind = "reviewed"
	Studied         LearningKind = "studied" // minutes with a lesson that is not completed yet
)

// LearningEvent is a deed of a learner's at a time.
type LearningEvent struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	Kind     LearningKind
	CourseID *uuid.UUID `gorm:"type:uuid"` // kept when the course is deleted
	Minutes  int
	At       time.Time
}
