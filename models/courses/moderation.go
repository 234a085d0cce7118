package courses

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// CourseAct is what an administrator does to a course.
type CourseAct string

// The acts of moderation.
const (
	CourseHold      CourseAct = "hold"      // only its owner sees it until it is decided
	CourseHide      CourseAct = "hide"      // nor after that
	CourseRestore   CourseAct = "restore"   // undoes both
	CourseUnpublish CourseAct = "unpublish" // private, as if its owner had taken it back
	CourseDelete    CourseAct = "delete"
)

// CourseModeration is an administrator's act on a course.
type CourseModeration struct {
	Act    CourseAct
	Reason string // for the owner, in the administrator's words; may be empty
	// Entry says when and by whom, for the audit log.
	Entry    store.AuditEntry
	Enqueuer notify.Enqueuer
	// Cancel returns the message that cancels a task writing a course to be deleted.
	Cancel func(tasks.Task) store.OutboxMessage
}

// ModerateCourse applies an act to a course, writes the audit log and notifies the owner, all or
// nothing. An act that changes nothing is harmless. It returns the course as it is then, without
// lessons, and the messages that cancel the tasks of a deleted one.
func ModerateCourse(ctx context.Context, db *gorm.DB, id uuid.UUID, m CourseModeration) (c Course, enqueued []store.OutboxMessage, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c, enqueued, err = m.Run(ctx, tx, id)
		return err
	})
	return c, enqueued, err
}

// Run takes the action on the course of an id, in the transaction of its caller.
func (m CourseModeration) Run(ctx context.Context, tx *gorm.DB, id uuid.UUID) (Course, []store.OutboxMessage, error) {
	var open []tasks.Task
	if m.Act == CourseDelete { // tasks are locked before courses
		var err error
		if open, err = lockOpenTasks(tx, id); err != nil {
			return Course{}, nil, err
		}
	}
	c, err := FindLocked(tx, id)
	if err != nil {
		return c, nil, err
	}
	enqueued, err := m.Apply(ctx, tx, &c, open)
	return c, enqueued, err
}

// FindLocked locks and reads a course of any owner, without lessons.
func FindLocked(tx *gorm.DB, id uuid.UUID) (c Course, err error) {
	if err := Lock(tx, id); err != nil {
		return c, err
	}
	return c, tx.Take(&c, "id = ?", id).Error
}

// Apply acts on a locked course.
func (m CourseModeration) Apply(ctx context.Context, tx *gorm.DB, c *Course, open []tasks.Task) (enqueued []store.OutboxMessage, err error) {
	before := *c
	switch m.Act {
	case CourseHold:
		err = m.set(tx, c, moderation.ContentPending)
	case CourseHide:
		err = m.set(tx, c, moderation.ContentHidden)
	case CourseRestore:
		if err = m.set(tx, c, moderation.ContentVisible); err == nil {
			err = appear(tx, *c, m.Entry.At)
		}
	case CourseUnpublish:
		err = SetVisibility(tx, c, VisibilityPrivate, false, m.Entry.At)
	case CourseDelete:
		enqueued, err = removeCourse(tx, c.ID, open, m.Cancel)
	}
	if err != nil || m.Act != CourseDelete && before.ModerationStatus == c.ModerationStatus && before.Visibility == c.Visibility {
		return enqueued, err
	}
	if err := m.notifyOwner(tx, before); err != nil {
		return nil, err
	}
	entry := m.Entry
	entry.ID, entry.Action, entry.UserID, entry.Details = store.NewID(), m.Act.audited(), &c.OwnerUserID, map[string]any{"course_id": c.ID}
	return enqueued, store.Audit(ctx, tx, entry)
}

// appear adds a public course that an administrator approved to feeds, unless it is there already.
func appear(tx *gorm.DB, c Course, now time.Time) error {
	if c.Visibility != VisibilityPublic || c.Status != CourseReady {
		return nil
	}
	var before int64
	err := tx.Model(&activity.FeedEntry{}).Where("user_id = ? AND content_id = ? AND kind IN ?", c.OwnerUserID, c.ID, []string{activity.FeedPublished, activity.FeedShared}).Count(&before).Error
	if err != nil || before > 0 {
		return err
	}
	return activity.AddToFeed(tx, activity.FeedEntry{UserID: c.OwnerUserID, Kind: activity.FeedShared, ContentType: moderation.TargetCourse, ContentID: c.ID, Title: c.Title, At: now})
}

// set changes the moderation status of a course. A hidden one does not become pending.
func (m CourseModeration) set(tx *gorm.DB, c *Course, to moderation.ContentStatus) error {
	if c.ModerationStatus == to || to == moderation.ContentPending && c.ModerationStatus == moderation.ContentHidden {
		return nil
	}
	c.ModerationStatus, c.HiddenBy, c.FlagReason = to, nil, ""
	switch to {
	case moderation.ContentPending:
		c.FlagReason = "an administrator put it on hold"
	case moderation.ContentHidden:
		by := moderation.HiddenByDecision
		c.HiddenBy = &by
	case moderation.ContentVisible, moderation.ContentDeleted:
	}
	return c.saveModeration(tx)
}

func (a CourseAct) audited() store.AuditAction {
	return map[CourseAct]store.AuditAction{
		CourseHold: store.AuditCourseHeld, CourseHide: store.AuditCourseHidden, CourseRestore: store.AuditCourseRestored,
		CourseUnpublish: store.AuditCourseUnpublished, CourseDelete: store.AuditCourseDeleted,
	}[a]
}

// notifyOwner notifies the owner of the act, unless the owner is the actor.
func (m CourseModeration) notifyOwner(tx *gorm.DB, c Course) error {
	words := map[CourseAct][2]string{
		CourseHold:      {"Your course is on hold", "Until it has been looked at, only you see “" + c.Title + "”."},
		CourseHide:      {"Your course is hidden", "“" + c.Title + "” breaks the rules of the community. You can still read it, and nobody else can."},
		CourseRestore:   {"Your course was looked at", "“" + c.Title + "” is no longer on hold or hidden."},
		CourseUnpublish: {"Your course is private again", "“" + c.Title + "” was taken out of lists and feeds. Only you see it now."},
		CourseDelete:    {"Your course was deleted", "“" + c.Title + "” broke the rules of the community and is gone."},
	}[m.Act]
	body := words[1]
	if m.Reason != "" {
		body += " " + m.Reason
	}
	data := map[string]string{"type": "course_moderated", "course_id": c.ID.String(), "decision": string(m.Act), "action": "open_course"}
	if m.Act == CourseDelete {
		data["action"] = "open_inbox"
	}
	if m.Entry.ActorID != nil && *m.Entry.ActorID == c.OwnerUserID {
		return nil
	}
	// There is no actor: a block must not keep the notification from the owner.
	return notify.Notify(tx, notify.Notification{UserID: c.OwnerUserID, Kind: notify.NotifyModeration, Title: words[0], Body: body, Data: data, CreatedAt: m.Entry.At},
		"course/"+c.ID.String()+"/"+store.NewID().String(), m.Enqueuer)
}

// ModeratedFilter narrows the administrators' list of courses; zero values narrow nothing.
type ModeratedFilter struct {
	Status     CourseStatus
	Visibility Visibility
	Moderation moderation.ContentStatus
	Owner      *uuid.UUID
	After      *store.Keyset
	Offset     int
	Limit      int
}

// ListAllCourses returns a page of the courses of all owners, for administrators: the newest first, without lessons
// and items.
func ListAllCourses(ctx context.Context, db *gorm.DB, f ModeratedFilter) ([]Course, error) {
	q := db.WithContext(ctx)
	if f.Status != "" {
		q = q.Where("status = ?", f.Status)
	}
	if f.Visibility != "" {
		q = q.Where("visibility = ?", f.Visibility)
	}
	if f.Moderation != "" {
		q = q.Where("moderation_status = ?", f.Moderation)
	}
	if f.Owner != nil {
		q = q.Where("owner_user_id = ?", f.Owner)
	}
	return store.NewestFirst[Course](q, f.After, f.Offset, f.Limit)
}

// ReadAnyCourse returns a whole course of any owner for an administrator, and writes the audit log. Titles of the
// owner's own material are left out.
func ReadAnyCourse(ctx context.Context, db *gorm.DB, id uuid.UUID, entry store.AuditEntry) (c Course, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		c, err = FindWhole(tx, id)
		if errors.Is(err, gorm.ErrRecordNotFound) {
			return store.Missing("course", id)
		}
		if err != nil {
			return err
		}
		if c.Items, err = itemsOf(tx, id); err != nil {
			return err
		}
		if entry.ActorID != nil && *entry.ActorID == c.OwnerUserID {
			return nil
		}
		c.hideMaterial()
		entry.Action, entry.UserID, entry.Details = store.AuditCourseRead, &c.OwnerUserID, map[string]any{"course_id": id}
		return store.Audit(ctx, tx, entry)
	})
	return c, err
}
