package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// AuditEntry is something that happened to an account. The table only grows.
type AuditEntry struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	At        time.Time
	Action    AuditAction
	ActorID   *uuid.UUID     `gorm:"type:uuid"` // who did it; nil: not signed in
	UserID    *uuid.UUID     `gorm:"type:uuid"` // whose account it is about; nil: none
	Via       string         // AuditAPI, AuditCommandLine or AuditWorkflow
	Address   string         // of the client, where there is one
	UserAgent string         //
	RequestID string         //
	Details   map[string]any `gorm:"type:jsonb;serializer:json"` // never a secret, nor a text that a user typed
}

// TableName returns a singular: it is one log.
func (AuditEntry) TableName() string { return "audit_log" }

// BeforeSave keeps details an object.
func (e *AuditEntry) BeforeSave(*gorm.DB) error {
	if e.Details == nil {
		e.Details = map[string]any{}
	}
	return nil
}

// Where an action came from.
const (
	AuditAPI         = "api"
	AuditCommandLine = "command line"
	AuditWorkflow    = "workflow"
)

// AuditAction is what happened.
type AuditAction string

// The actions.
const (
	AuditBroadcast         AuditAction = "push.broadcast"
	AuditSignUp            AuditAction = "account.created"
	AuditSignIn            AuditAction = "session.started"
	AuditSignInFailed      AuditAction = "session.refused" // a wrong password, or an unknown e-mail address
	AuditSignOut           AuditAction = "session.ended"
	AuditTokenReused       AuditAction = "session.reused" // an old refresh token was shown, which ended the session
	AuditPasswordChanged   AuditAction = "password.changed"
	AuditPasswordReset     AuditAction = "password.reset"
	AuditEmailRequested    AuditAction = "email.change_requested" // another address is pending
	AuditEmailChanged      AuditAction = "email.changed"          // its mailbox has answered
	AuditEmailVerified     AuditAction = "email.verified"
	AuditEmailRestored     AuditAction = "email.restored"
	AuditRoleGranted       AuditAction = "role.granted"
	AuditRoleRevoked       AuditAction = "role.revoked"
	AuditDeletionRequested AuditAction = "deletion.requested"
	AuditDeletionUndone    AuditAction = "deletion.undone"
	AuditDeleted           AuditAction = "account.deleted"
	AuditExportRequested   AuditAction = "export.requested"
	AuditExportFetched     AuditAction = "export.fetched"
	AuditRead              AuditAction = "audit.read"
	AuditPointsAwarded     AuditAction = "points.awarded"
	AuditSuspended         AuditAction = "account.suspended"
	AuditUnsuspended       AuditAction = "account.unsuspended"
	AuditReportDecided     AuditAction = "report.decided"
	AuditContentChanged    AuditAction = "content.changed" // another's post or comment, by an administrator
	AuditContentDeleted    AuditAction = "content.deleted" // as above
	AuditPendingDecided    AuditAction = "held.decided"
	AuditRuleAdded         AuditAction = "rule.added"
	AuditRuleRemoved       AuditAction = "rule.removed"
	AuditCourseRead        AuditAction = "course.read"        // another's, by an administrator
	AuditCourseHeld        AuditAction = "course.held"        // as above, and so are the next
	AuditCourseRestored    AuditAction = "course.restored"    //
	AuditCourseUnpublished AuditAction = "course.unpublished" //
	AuditCourseHidden      AuditAction = "course.hidden"      //
	AuditCourseDeleted     AuditAction = "course.deleted"     //
	AuditTopicRuleAdded    AuditAction = "topic_rule.added"
	AuditTopicRuleRemoved  AuditAction = "topic_rule.removed"
	AuditHelpChanged       AuditAction = "help.changed"
)

// Audit writes an entry, in the transaction of the action where db is one.
func Audit(ctx context.Context, db *gorm.DB, entry AuditEntry) error {
	return db.WithContext(ctx).Create(&entry).Error
}

// AuditFilter narrows the log; zero values narrow nothing.
type AuditFilter struct {
	Action        AuditAction
	UserID        *uuid.UUID
	ActorID       *uuid.UUID
	Since, Before *time.Time // at or after, and before
	After         *Keyset
	Offset        int
	Limit         int
}

// ListAudit returns a page of the log, newest first.
func ListAudit(ctx context.Context, db *gorm.DB, f AuditFilter) ([]AuditEntry, error) {
	q := db.WithContext(ctx)
	if f.Action != "" {
		q = q.Where("action = ?", f.Action)
	}
	if f.UserID != nil {
		q = q.Where("user_id = ?", f.UserID)
	}
	if f.ActorID != nil {
		q = q.Where("actor_id = ?", f.ActorID)
	}
	if f.Since != nil {
		q = q.Where("at >= ?", f.Since)
	}
	if f.Before != nil {
		q = q.Where("at < ?", f.Before)
	}
	if f.After != nil {
		q = q.Where("(at, id) < (?, ?)", f.After.At, f.After.ID)
	}
	var entries []AuditEntry
	err := q.Order("at DESC, id DESC").Offset(f.Offset).Limit(f.Limit).Find(&entries).Error
	return entries, err
}
