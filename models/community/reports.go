package community

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Decision is an administrator's decision on a report.
type Decision string

// The decisions there are.
const (
	DecideDismiss Decision = "dismiss"
	DecideHide    Decision = "hide"
	DecideDelete  Decision = "delete"
	DecideSuspend Decision = "suspend" // the author; their content is hidden with that
)

// Report is a user's report of content or of another user, with its decision.
type Report struct {
	ID          uuid.UUID  `gorm:"type:uuid;primaryKey"`
	ReporterID  *uuid.UUID `gorm:"type:uuid"`
	TargetType  string
	TargetID    uuid.UUID  `gorm:"type:uuid"`
	TargetPart  string     // the id of a question, in the item that TargetID names; empty: all of the target
	CourseID    *uuid.UUID `gorm:"type:uuid"` // of a course or a part of one
	AuthorID    *uuid.UUID `gorm:"type:uuid"` // of the target, or the user; nil: gone
	Reason      string
	Excerpt     string // what the target said when it was reported
	CreatedAt   time.Time
	DueAt       time.Time // by when it has to be decided
	EscalatedAt *time.Time
	Decision    *Decision // nil: open
	DecidedAt   *time.Time
	DeciderID   *uuid.UUID `gorm:"type:uuid"`
	Note        string
}

// ReportWithin is how long administrators have to decide.
const ReportWithin = 24 * time.Hour

var reportSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d12")

// ReportID returns the id of a user's report of a target, or of a part of it: they report it once.
func ReportID(reporter uuid.UUID, kind string, target uuid.UUID, part string) uuid.UUID {
	names := []string{reporter.String(), kind, target.String()}
	if part != "" {
		names = append(names, part)
	}
	return store.DerivedID(reportSpace, names...)
}

// mostReports is a user's daily limit of reports.
const mostReports = 50

// CreateReport stores a report about something that the reporter sees, and enqueues its review.
// Reporting the same target again returns the first report; made is false then. A target that the
// reporter cannot see is not found. A target of their own is Invalid, except for courses and their
// parts, which a model wrote.
func CreateReport(ctx context.Context, db *gorm.DB, v moderation.Viewer, r Report, message func(Report) store.OutboxMessage) (stored Report, made bool, err error) {
	r.ID, r.ReporterID, r.DueAt = ReportID(v.ID, r.TargetType, r.TargetID, r.TargetPart), &v.ID, r.CreatedAt.Add(ReportWithin)
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, v.ID); err != nil {
			return err
		}
		err := tx.Where("id = ?", r.ID).Take(&stored).Error
		if err == nil || !errors.Is(err, gorm.ErrRecordNotFound) {
			return err
		}
		if err := r.look(ctx, tx, v); err != nil {
			return err
		}
		if v.Wrote(r.AuthorID) && r.CourseID == nil {
			return store.BadField("body", "/target_id", "is your own")
		}
		if err := reportsLeft(tx, v.ID, r.CreatedAt); err != nil {
			return err
		}
		done := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&r)
		if done.Error != nil {
			return done.Error
		}
		if made = done.RowsAffected > 0; made {
			stored = r
			return store.Enqueue(ctx, tx, message(r))
		}
		return tx.Where("id = ?", r.ID).Take(&stored).Error // made at the same moment
	})
	return stored, made && err == nil, err
}

func reportsLeft(tx *gorm.DB, reporter uuid.UUID, now time.Time) error {
	var times []time.Time
	err := tx.Raw("SELECT created_at FROM reports WHERE reporter_id = ? AND created_at > ? ORDER BY created_at DESC OFFSET ? LIMIT 1",
		reporter, now.Add(-day), mostReports-1).Scan(&times).Error
	if err != nil || len(times) == 0 {
		return err
	}
	refusal := store.Errorf(store.RateLimited, "You have reported %d things within a day, which is the most.", mostReports)
	refusal.RetryAfter = times[0].Add(day).Sub(now)
	return refusal
}

// look records the target's author and text, if the viewer sees it.
func (r *Report) look(ctx context.Context, tx *gorm.DB, v moderation.Viewer) (err error) {
	switch r.TargetType {
	case moderation.TargetCourse, moderation.TargetLesson, moderation.TargetItem, moderation.TargetQuestion:
		return r.lookAtCourse(tx, v)
	}
	r.AuthorID, r.Excerpt, err = targetSeen(ctx, tx, v, r.TargetType, r.TargetID)
	return err
}

// targetSeen returns the author and text of a target, if the viewer sees it.
func targetSeen(ctx context.Context, tx *gorm.DB, v moderation.Viewer, kind string, id uuid.UUID) (author *uuid.UUID, says string, err error) {
	switch kind {
	case moderation.TargetPost:
		s, _, err := FindPost(ctx, tx, v, id)
		return s.AuthorID, s.Title + "\n\n" + s.Content, err
	case moderation.TargetComment:
		s, err := findComment(tx, v, id, "")
		return s.AuthorID, s.Content, err
	}
	user, err := accounts.FindUser(ctx, tx, id)
	if err == nil && !user.IsActive {
		err = store.Missing("user", id)
	}
	// A user may report someone who has blocked them, so blocks do not count here.
	return &user.ID, user.FullName, err
}

// ReportFilter narrows a list of reports.
type ReportFilter struct {
	Open   *bool // nil: all
	After  *store.Keyset
	Offset int
	Limit  int
}

// ListReports returns a page of reports, the oldest first, since it waits longest.
func ListReports(ctx context.Context, db *gorm.DB, f ReportFilter) ([]Report, error) {
	q := db.WithContext(ctx)
	if f.Open != nil {
		q = q.Where(map[bool]string{true: "decision IS NULL", false: "decision IS NOT NULL"}[*f.Open])
	}
	if f.After != nil {
		q = q.Where("(created_at, id) > (?, ?)", f.After.At, f.After.ID)
	}
	var reports []Report
	err := q.Order("created_at, id").Offset(f.Offset).Limit(f.Limit).Find(&reports).Error
	return reports, err
}

// FindReport returns a report, else a not-found error.
func FindReport(ctx context.Context, db *gorm.DB, id uuid.UUID) (Report, error) {
	var r Report
	err := db.WithContext(ctx).First(&r, "id = ?", id).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return r, store.Missing("report", id)
	}
	return r, err
}

// Verdict is an administrator's decision of a report.
type Verdict struct {
	Report   uuid.UUID
	Decision Decision
	Note     string
	By       uuid.UUID
	Suspension
	Enqueuer notify.Enqueuer
	// Wake returns the message that wakes a report's review.
	Wake func(Report) store.OutboxMessage
}

// DecideReport carries out a decision and closes all open reports of the same target, all
// or nothing. It returns the sessions that a suspension has ended. The error is Conflict for a
// report that is closed already, and for a user who cannot be suspended.
func DecideReport(ctx context.Context, db *gorm.DB, d Verdict) (closed Report, ended []uuid.UUID, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		r, err := FindReport(ctx, tx, d.Report)
		if err != nil {
			return err
		}
		// An account's lock comes before those of posts, and theirs before a report's.
		if ended, err = d.act(ctx, tx, r); err != nil {
			return err
		}
		var open []Report
		err = tx.Raw(`UPDATE reports SET decision = @decision, decided_at = @at, decider_id = @by, note = @note
			WHERE target_type = @type AND target_id = @target AND target_part = @part AND decision IS NULL RETURNING *`, map[string]any{
			"decision": d.Decision, "at": d.Entry.At, "by": d.By, "note": d.Note, "type": r.TargetType, "target": r.TargetID, "part": r.TargetPart,
		}).Scan(&open).Error
		if err != nil {
			return err
		}
		for _, o := range open {
			if o.ID == r.ID {
				closed = o
			}
			if err := store.Enqueue(ctx, tx, d.Wake(o)); err != nil {
				return err
			}
		}
		if closed.ID == uuid.Nil {
			return store.Errorf(store.Conflict, "This report has been decided already.")
		}
		entry := d.Entry
		entry.ID, entry.Action, entry.UserID = store.NewID(), store.AuditReportDecided, r.AuthorID
		entry.Details = map[string]any{"report_id": r.ID, "decision": d.Decision, "target_type": r.TargetType, "reports": len(open)}
		return store.Audit(ctx, tx, entry)
	})
	if err != nil {
		return Report{}, nil, err
	}
	return closed, ended, nil
}

// act carries out the decision. A target that is gone needs nothing.
func (d Verdict) act(ctx context.Context, tx *gorm.DB, r Report) (ended []uuid.UUID, err error) {
	switch d.Decision {
	case DecideSuspend:
		if r.AuthorID == nil {
			return nil, store.Errorf(store.Conflict, "The author's account is gone.")
		}
		d.User = *r.AuthorID
		return suspend(ctx, tx, d.Suspension)
	case DecideHide, DecideDelete:
		if r.TargetType == moderation.TargetUser {
			return nil, store.BadField("body", "/decision", "is not for users: dismiss or suspend")
		}
		return nil, d.remove(ctx, tx, r)
	case DecideDismiss:
	}
	return nil, nil
}

func (d Verdict) remove(ctx context.Context, tx *gorm.DB, r Report) error {
	if r.CourseID != nil {
		return d.removeCourse(ctx, tx, *r.CourseID)
	}
	to, by := moderation.ContentDeleted, (*string)(nil)
	if d.Decision == DecideHide {
		decision := moderation.HiddenByDecision
		to, by = moderation.ContentHidden, &decision
	}
	err := setStatus(tx, moderation.Viewer{ID: d.By, Admin: true}, r.TargetType, r.TargetID, to, by, d.Entry.At)
	if store.CodeOf(err) == store.NotFound {
		return nil // its author has deleted it
	}
	return err
}

// removeCourse hides or deletes a whole course, also when the report is about a part of it.
func (d Verdict) removeCourse(ctx context.Context, tx *gorm.DB, course uuid.UUID) error {
	m := courses.CourseModeration{Act: courses.CourseHide, Entry: d.Entry, Enqueuer: d.Enqueuer, Cancel: d.Cancel}
	if d.Decision == DecideDelete {
		m.Act = courses.CourseDelete
	}
	_, _, err := m.Run(ctx, tx, course)
	if store.CodeOf(err) == store.NotFound {
		return nil // its owner has deleted it
	}
	return err
}

// setStatus changes the status of a post or comment, as an administrator.
func setStatus(tx *gorm.DB, v moderation.Viewer, kind string, id uuid.UUID, to moderation.ContentStatus, hiddenBy *string, now time.Time) error {
	if kind == moderation.TargetPost {
		if _, err := lockPost(tx, v, id); err != nil {
			return err
		}
		return setPostStatus(tx, id, to, hiddenBy, now)
	}
	s, err := lockComment(tx, v, id)
	if err != nil {
		return err
	}
	return setCommentStatus(tx, s.Comment, to, hiddenBy, "", now)
}

// RemindOfReport notifies every administrator of an open report, once for each stage of its review
// and target. With late it marks the report as escalated. open is false for a report that was
// decided or is gone. notified is the number of administrators notified.
func RemindOfReport(ctx context.Context, db *gorm.DB, id uuid.UUID, stage string, late bool, now time.Time, f notify.Enqueuer) (open bool, notified int, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var rows []Report
		if err := tx.Raw("SELECT * FROM reports WHERE id = ? AND decision IS NULL FOR NO KEY UPDATE", id).Scan(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		open = true
		r := rows[0]
		title := "A report waits for a decision"
		if late {
			title = "A report is overdue"
			if err := tx.Exec("UPDATE reports SET escalated_at = coalesce(escalated_at, ?) WHERE id = ?", now, id).Error; err != nil {
				return err
			}
		}
		notified, err = notifyAdmins(tx, notify.Notification{
			Title: title, Body: "Somebody reported a " + r.TargetType + ". It is due by " + r.DueAt.UTC().Format(time.RFC1123) + ".",
			Data: map[string]string{"type": "report", "report_id": r.ID.String(), "stage": stage, "action": "open_report"},
		}, "report/"+r.TargetID.String()+"/"+stage, now, f)
		return err
	})
	return open, notified, err
}
