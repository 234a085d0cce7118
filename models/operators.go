package models

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// OutboxState is how many promises wait, and how long the oldest that is not held has waited.
type OutboxState struct {
	Due, Held int64
	Oldest    time.Duration
}

// LookAtOutbox counts the promises that wait. One that its handler still has time
// for is not yet due, and a cancel that was passed on does not wait.
func LookAtOutbox(ctx context.Context, db *gorm.DB, now time.Time) (OutboxState, error) {
	var found struct {
		Due, Held int64
		Oldest    *time.Time
	}
	err := db.WithContext(ctx).Raw(`
		SELECT count(*) FILTER (WHERE NOT held AND cancel_requested_at IS NULL AND created_at <= @now) AS due, count(*) FILTER (WHERE held) AS held,
		       min(created_at) FILTER (WHERE NOT held AND cancel_requested_at IS NULL) AS oldest
		FROM outbox`, map[string]any{"now": now}).Scan(&found).Error
	state := OutboxState{Due: found.Due, Held: found.Held}
	if found.Oldest != nil {
		state.Oldest = max(now.Sub(*found.Oldest), 0)
	}
	return state, err
}

// AnyTask is a task, whoever it belongs to: for operators.
func AnyTask(ctx context.Context, db *gorm.DB, id uuid.UUID) (Task, error) {
	var task Task
	err := db.WithContext(ctx).First(&task, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return Task{}, Missing("task", id)
	}
	return task, err
}

// AllTasks is a page of everybody's tasks, newest first; or of one user's.
func AllTasks(ctx context.Context, db *gorm.DB, user *uuid.UUID, f TaskFilter) ([]Task, error) {
	if user != nil {
		return ListTasks(ctx, db, *user, f)
	}
	q := db.WithContext(ctx)
	if f.State != "" {
		q = q.Where("state = ?", f.State)
	}
	if f.TaskType != "" {
		q = q.Where("task_type = ?", f.TaskType)
	}
	var tasks []Task
	err := q.Order("created_at DESC, id DESC").Limit(f.Limit).Find(&tasks).Error
	return tasks, err
}

// PromisesFor are the promises that wait for a workflow to be started or cancelled.
func PromisesFor(ctx context.Context, db *gorm.DB, workflowID string) ([]OutboxEntry, error) {
	var entries []OutboxEntry
	err := db.WithContext(ctx).Order("created_at, id").Find(&entries, "workflow_id = ?", workflowID).Error
	return entries, err
}

// LocalOperator is the account of whoever works on a developer's machine, made when
// it is first needed. Nobody can sign in to it: its password hash matches nothing.
// Key: its e-mail address.
func LocalOperator(ctx context.Context, db *gorm.DB, now time.Time) (User, error) {
	const email = "operator@localhost"
	user, err := FindUserByEmail(ctx, db, email)
	if err != nil || user.ID != uuid.Nil {
		return user, err
	}
	user = User{
		ID: NewID(), Email: email, FullName: "Operator", PasswordHash: "-", Locale: "en", Timezone: "UTC",
		IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
	if err := db.WithContext(ctx).Create(&user).Error; err != nil && !uniqueViolation(err, "users_email_key") {
		return User{}, err
	}
	return FindUserByEmail(ctx, db, email)
}
