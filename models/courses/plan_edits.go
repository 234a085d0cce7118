package courses

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// PlanEdit is a plan as edited by its learner, on its way to the workflow that applies it. An activity
// that applied it may be tried again, so the row stays until its task ends.
type PlanEdit struct {
	ID        uuid.UUID  `gorm:"type:uuid;primaryKey"`
	TaskID    uuid.UUID  `gorm:"type:uuid"` // whose plan waits for review
	UserID    uuid.UUID  `gorm:"type:uuid"`
	Plan      EditedPlan `gorm:"type:jsonb;serializer:json"`
	CreatedAt time.Time
}

// EditedPlan is what a learner makes of a plan. Histories of runs hold its JSON too.
type EditedPlan struct {
	Title   string         `json:"title,omitempty"` // empty: unchanged
	Lessons []EditedLesson `json:"lessons"`
}

// EditedLesson is one lesson of an edited plan.
type EditedLesson struct {
	Title         string   `json:"title"`
	Summary       string   `json:"summary"`
	Objectives    []string `json:"objectives"`
	Prerequisites []string `json:"prerequisites"`
	Minutes       int      `json:"minutes"`
}

// SavePlanEdit stores a learner's edit of the plan of an open task of theirs. A task that has ended is
// a Conflict, so no row is left behind by one.
func SavePlanEdit(ctx context.Context, db *gorm.DB, edit PlanEdit) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, edit.UserID); err != nil {
			return err
		}
		if _, err := tasks.LockOpen(tx, edit.UserID, edit.TaskID); err != nil {
			return err
		}
		return tx.Create(&edit).Error
	})
}

// FindPlanEdit returns the edit of an id if it is of a task that makes the course, else a not-found error.
func FindPlanEdit(ctx context.Context, db *gorm.DB, id, course uuid.UUID) (PlanEdit, error) {
	var edit PlanEdit
	err := db.WithContext(ctx).Where("task_id IN (SELECT id FROM tasks WHERE result_id = ?)", course).First(&edit, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return edit, store.Missing("edited plan", id)
	}
	return edit, err
}

// DropPlanEdit deletes an edit that no workflow took.
func DropPlanEdit(ctx context.Context, db *gorm.DB, id uuid.UUID) error {
	return db.WithContext(ctx).Delete(&PlanEdit{}, "id = ?", id).Error
}
