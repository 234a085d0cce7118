package workflows_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// reviewing runs one ReviewReport with scripted activities.
type reviewing struct {
	*testsuite.TestWorkflowEnvironment
	in     workflows.ReviewReportInput
	stages []activities.RemindInput
	after  []time.Duration
	open   bool
}

func newReviewing() *reviewing {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	r := &reviewing{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), open: true}
	opened := r.Now()
	r.in = workflows.ReviewReportInput{ReportID: uuid.New(), OpenedAt: opened, DueAt: opened.Add(community.ReportWithin)}
	r.RegisterActivity(&activities.ModerationActivities{})
	r.OnActivity("RemindAdmins", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.RemindInput) (bool, error) {
		r.stages, r.after = append(r.stages, in), append(r.after, r.Now().Sub(opened).Round(time.Minute))
		return r.open, nil
	})
	r.OnActivity("ReportIsOpen", mock.Anything, r.in.ReportID).Return(func(context.Context, uuid.UUID) (bool, error) { return r.open, nil })
	return r
}

func (r *reviewing) decideAfter(d time.Duration, heard bool) {
	r.RegisterDelayedCallback(func() {
		r.open = false
		if heard {
			r.CancelWorkflow()
		}
	}, d)
}

func TestAReportThatNobodyDecidesEscalatesAfter24Hours(t *testing.T) {
	t.Parallel()
	r := newReviewing()
	r.decideAfter(50*time.Hour, true)
	r.ExecuteWorkflow(workflows.ReviewReport, r.in)
	require.NoError(t, r.GetWorkflowError())
	var out workflows.Reviewed
	require.NoError(t, r.GetWorkflowResult(&out))
	require.True(t, out.Escalated)
	require.Equal(t, []time.Duration{0, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour}, r.after)
	for i, stage := range r.stages {
		require.Equal(t, i, stage.Stage)
		require.Equal(t, i >= 2, stage.Late)
	}
}

func TestADecidedReportIsReviewedNoMore(t *testing.T) {
	t.Parallel()
	for name, heard := range map[string]bool{"signalled": true, "found": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReviewing()
			r.decideAfter(5*time.Hour, heard)
			r.ExecuteWorkflow(workflows.ReviewReport, r.in)
			require.NoError(t, r.GetWorkflowError())
			var out workflows.Reviewed
			require.NoError(t, r.GetWorkflowResult(&out))
			require.False(t, out.Escalated)
		})
	}
	t.Run("cancelled by somebody else", func(t *testing.T) {
		t.Parallel()
		r := newReviewing()
		r.RegisterDelayedCallback(r.CancelWorkflow, time.Hour)
		r.ExecuteWorkflow(workflows.ReviewReport, r.in)
		require.True(t, temporal.IsCanceledError(r.GetWorkflowError()))
	})
}

// TestARealReviewEndsWithTheDecision goes from the report to the decision on a real
// server, by the outbox messages that the API enqueues.
func TestARealReviewEndsWithTheDecision(t *testing.T) {
	t.Parallel()
	c, db := temporalServer(t), storetest.New(t)
	w := worker.New(c, workflows.QueueBackground, worker.Options{})
	w.RegisterWorkflow(workflows.ReviewReport)
	w.RegisterActivity(&activities.ModerationActivities{DB: db, Clock: time.Now, Log: quiet()})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)

	now := time.Now().UTC().Truncate(time.Microsecond)
	reporter, author, admin := addUser(t, db), addUser(t, db), addUser(t, db)
	_, err := accounts.SetRole(t.Context(), db, admin, accounts.RoleAdmin, true, store.AuditEntry{ID: store.NewID(), At: now, Via: store.AuditCommandLine})
	require.NoError(t, err)
	post, err := community.CreatePost(t.Context(), db, community.AuthorContext{Viewer: moderation.Viewer{ID: author}, Now: now}, community.Post{
		ID: store.NewID(), Title: "Rude", Content: "c", PostType: "discussion", Metadata: map[string]any{},
	})
	require.NoError(t, err)
	message := func(r community.Report) store.OutboxMessage { return outbox.ReviewReport(r, now) }
	report, _, err := community.CreateReport(t.Context(), db, moderation.Viewer{ID: reporter}, community.Report{
		TargetType: moderation.TargetPost, TargetID: post.ID, Reason: "rude", CreatedAt: now,
	}, message)
	require.NoError(t, err)
	keep(t, c, db)
	reminders := func() (n int64) {
		require.NoError(t, db.Model(&notify.Notification{}).Where("user_id = ? AND kind = ?", admin, notify.NotifyModeration).Count(&n).Error)
		return n
	}
	require.Eventually(t, func() bool { return reminders() == 1 }, time.Minute, 50*time.Millisecond)

	_, _, err = community.DecideReport(t.Context(), db, community.Verdict{
		Report: report.ID, Decision: community.DecideHide, By: admin,
		Suspension: community.Suspension{Entry: store.AuditEntry{ID: store.NewID(), At: now, Via: store.AuditAPI, ActorID: &admin}},
		Wake:       func(r community.Report) store.OutboxMessage { return outbox.ReportDecided(r, now) },
	})
	require.NoError(t, err)
	keep(t, c, db)
	var out workflows.Reviewed
	require.NoError(t, c.GetWorkflow(t.Context(), workflows.ReviewReportID(report.ID), "").Get(t.Context(), &out))
	require.Equal(t, workflows.Reviewed{Reminders: 1}, out)
}

// keep dispatches the outbox messages about reports.
func keep(t *testing.T, c client.Client, db *gorm.DB) {
	t.Helper()
	var entries []store.OutboxMessage
	require.NoError(t, db.Find(&entries, "workflow_id LIKE 'review-report/%'").Error)
	require.Len(t, entries, 1)
	require.Eventually(t, func() bool { // a try times out after a second, too short on a busy machine
		dispatcherOf(c, db).TryDispatch(t.Context(), entries[0])
		var left int64
		require.NoError(t, db.Model(&store.OutboxMessage{}).Where("id = ? AND cancel_requested_at IS NULL", entries[0].ID).Count(&left).Error)
		return left == 0
	}, time.Minute, 50*time.Millisecond)
}
