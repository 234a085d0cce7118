package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ReviewReportInput identifies a report, with its creation and due times.
type ReviewReportInput struct {
	ReportID uuid.UUID `json:"report_id"`
	OpenedAt time.Time `json:"opened_at"`
	DueAt    time.Time `json:"due_at"`
}

// Reviewed is the outcome of a review.
type Reviewed struct {
	Escalated bool `json:"escalated"`
	Reminders int  `json:"reminders"`
}

// The stages of a review after the first reminder. Once a report is due, reminders come
// daily, until a month of them remained without effect.
const (
	remindAtHalf   = 0.5
	reviewAgain    = 24 * time.Hour
	mostEscalating = 30
)

// ReviewReport has a report decided in time: it reminds administrators at once, at half-time,
// and, as escalated, when the report is due and daily from then on. A decision cancels the
// run, which then reads the row and completes. A run cancelled for any other reason ends as
// cancelled: that report is no longer watched.
func ReviewReport(ctx workflow.Context, in ReviewReportInput) (Reviewed, error) {
	var done Reviewed
	half := in.OpenedAt.Add(time.Duration(float64(in.DueAt.Sub(in.OpenedAt)) * remindAtHalf))
	for stage := 0; ; stage++ {
		open, err := remind(ctx, in, stage)
		if err != nil || !open {
			return done, endedWell(ctx, in, err)
		}
		done.Reminders, done.Escalated = stage+1, stage >= 2
		if stage >= mostEscalating+2 {
			return done, nil
		}
		next := half
		if stage >= 1 {
			next = in.DueAt.Add(time.Duration(stage-1) * reviewAgain) // 1: when it is due
		}
		setDetailsf(ctx, "%d reminders so far, the next one at %s", done.Reminders, formatTime(next))
		if err := sleep(ctx, next.Sub(workflow.Now(ctx)), "Until the next reminder"); err != nil {
			return done, endedWell(ctx, in, err)
		}
	}
}

// remind sends the reminder of a stage, if the report is open.
func remind(ctx workflow.Context, in ReviewReportInput, stage int) (open bool, err error) {
	var m *activities.ModerationActivities
	input := activities.RemindInput{ReportID: in.ReportID, Stage: stage, Late: stage >= 2}
	err = workflow.ExecuteActivity(quick(ctx, fmt.Sprintf("Reminder %d", stage+1)), m.RemindAdmins, input).Get(ctx, &open)
	return open, err
}

// endedWell drops the error of a run that was cancelled by a decision.
func endedWell(ctx workflow.Context, in ReviewReportInput, err error) error {
	if err == nil || ctx.Err() == nil {
		return err
	}
	var m *activities.ModerationActivities
	looking, stop := workflow.NewDisconnectedContext(ctx)
	defer stop()
	var open bool
	if fault := workflow.ExecuteActivity(quick(looking, "Is it decided?"), m.ReportIsOpen, in.ReportID).Get(looking, &open); fault != nil {
		return fault
	}
	if open {
		return err
	}
	return nil
}
