package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"
)

// AuditEntry is an event of an account. The table only grows.
type AuditEntry struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	At        time.Time
	Action    AuditAction
	ActorID   *uuid.UUID     `gorm:"type:uuid"` // who acted; nil: not signed in
	UserID    *uuid.UUID     `gorm:"type:uuid"` // the account concerned; nil: none
	Via       string         // AuditAPI, AuditCommandLine or AuditWorkflow
	Address   string         // of the client, where there is one
	UserAgent string         //
	RequestID string         //
	Details   map[string]any `gorm:"type:jsonb;serializer:json"` // never a secret, nor text typed by a user
}

// TableName returns the table's name, a singular: it is one log.
func (AuditEntry) TableName() string { return "audit_log" }

// BeforeSave writes nil details as an empty object.
func (e *AuditEntry) BeforeSave(*gorm.DB) error {
	if e.Details == nil {
		e.Details = map[string]any{}
	}
	return nil
}

// The origins of an action.
const (
	AuditAPI         = "api"
	AuditCommandLine = "command line"
	AuditWorkflow    = "workflow"
)

// AuditAction is the kind of an entry.
type AuditAction string

// The actions.
const (
	AuditBroadcast         AuditAction = "push.broadcast"
	AuditSignUp            AuditAction = "account.created"
	AuditSignIn            AuditAction = "session.started"
	AuditSignInFailed      AuditAction = "session.refused" // a wrong password, or an unknown e-mail address
	AuditSignOut           AuditAction = "session.ended"
	AuditTokenReused       AuditAction = "session.reused" // an old refresh token was presented, which ended the session
	AuditPasswordChanged   AuditAction = "password.changed"
	AuditPasswordReset     AuditAction = "password.reset"
	AuditEmailRequested    AuditAction = "email.change_requested" // another address is pending
	AuditEmailChanged      AuditAction = "email.changed"          // its mailbox was verified
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

// Queue adds the writing of the entry to a batch.
func (e AuditEntry) Queue(batch *pgx.Batch) {
	_ = e.BeforeSave(nil)
	batch.Queue(`INSERT INTO audit_log (id, at, action, actor_id, user_id, via, address, user_agent, request_id, details)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, e.ID, e.At, e.Action, e.ActorID, e.UserID, e.Via, e.Address, e.UserAgent, e.RequestID, e.Details)
}

// AuditFilter narrows the log; zero values are ignored.
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
