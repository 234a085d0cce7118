package outbox

import (
	"time"

	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// ReviewReport returns the message to start the review of a report. It names no user, so that
// it outlives the reporter's account.
func ReviewReport(report community.Report, now time.Time) store.OutboxMessage {
	input := workflows.ReviewReportInput{ReportID: report.ID, OpenedAt: report.CreatedAt, DueAt: report.DueAt}
	entry := background("ReviewReport", workflows.ReviewReportID(report.ID), input, now)
	entry.SearchAttributes = map[string]string{workflows.SearchAttributeKind.GetName(): "report_review"}
	return entry
}

// ReportDecided returns the message to cancel a report's review, which then finds the decision.
func ReportDecided(report community.Report, now time.Time) store.OutboxMessage {
	return cancel(workflows.ReviewReportID(report.ID), now, now)
}
