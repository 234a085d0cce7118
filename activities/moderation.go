package activities

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// ModerationActivities notifies administrators of reports.
type ModerationActivities struct {
	DB       *gorm.DB
	Clock    func() time.Time
	Log      *slog.Logger
	Enqueuer notify.Enqueuer
}

// RemindInput is a stage of a report's review.
type RemindInput struct {
	ReportID uuid.UUID `json:"report_id"`
	Stage    int       `json:"stage"`
	Late     bool      `json:"late"` // the time to decide is over
}

// RemindAdmins adds a notification about an open report to every administrator's inbox, and
// marks a late one as escalated. It returns whether the report is open. Key: the target and
// the stage; the same twice is one notification an administrator.
func (m *ModerationActivities) RemindAdmins(ctx context.Context, in RemindInput) (open bool, err error) {
	open, notified, err := community.RemindOfReport(ctx, m.DB, in.ReportID, strconv.Itoa(in.Stage), in.Late, m.Clock(), m.Enqueuer)
	if err == nil && open && (in.Late || notified == 0) {
		m.Log.WarnContext(ctx, "a report waits for a decision", "report_id", in.ReportID, "stage", in.Stage, "late", in.Late, "administrators", notified)
	}
	return open, toApplicationError(err)
}

// ReportIsOpen returns whether a report is undecided; one that is gone is not. It changes
// nothing.
func (m *ModerationActivities) ReportIsOpen(ctx context.Context, id uuid.UUID) (bool, error) {
	r, err := community.FindReport(ctx, m.DB, id)
	if store.CodeOf(err) == store.NotFound {
		return false, nil
	}
	return err == nil && r.Decision == nil, toApplicationError(err)
}
