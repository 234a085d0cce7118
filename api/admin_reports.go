package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// moderation registers the operations by which administrators moderate the community.
func (s *Server) moderation() {
	tags := []string{rest.TagAdmin}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-reports", Method: http.MethodGet, Path: "/v1/admin/reports", Tags: tags,
		Summary:     "List reports",
		Description: "Oldest first. For administrators.",
	}, s.listReports, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "decide-report", Method: http.MethodPost, Path: "/v1/admin/reports/{id}/decision", Tags: tags,
		Summary: "Decide a report",
		Description: "dismiss it, hide or delete the target, or suspend its author, which ends their sessions and hides what they wrote. A decision on a lesson, " +
			"item or question applies to its course. It closes all open reports of the same target. 409: it is decided already, or the author cannot be " +
			"suspended. For administrators.",
		Errors: []int{http.StatusConflict},
	}, s.decideReport, rest.Admins)
	s.pendingReview(tags)
	s.anyCourses(tags)
	s.contentRules(tags)
	s.suspensions(tags)
}

// reportView is a report as administrators see it.
type reportView struct {
	ID          uuid.UUID  `json:"id" format:"uuid"`
	ReporterID  *uuid.UUID `json:"reporter_id" format:"uuid" nullable:"true" doc:"null: the account was deleted."`
	TargetType  string     `json:"target_type" set:"report_target"`
	TargetID    uuid.UUID  `json:"target_id" format:"uuid"`
	QuestionID  *string    `json:"question_id" nullable:"true" doc:"The question, when the target is a single question of a quiz."`
	CourseID    *uuid.UUID `json:"course_id" format:"uuid" nullable:"true" doc:"The course, when the target is a course or a part of it; read it at /v1/admin/courses/{id}."`
	AuthorID    *uuid.UUID `json:"author_id" format:"uuid" nullable:"true" doc:"The author of the target; null: the account was deleted."`
	Reason      string     `json:"reason"`
	Excerpt     string     `json:"excerpt" doc:"The target's text when it was reported."`
	Status      string     `json:"status" enum:"open,decided"`
	CreatedAt   time.Time  `json:"created_at"`
	DueAt       time.Time  `json:"due_at"`
	EscalatedAt *time.Time `json:"escalated_at" nullable:"true" doc:"When the deadline passed without a decision."`
	Decision    *string    `json:"decision" nullable:"true" set:"report_decision" doc:"dismiss, hide, delete or suspend; null: open."`
	DecidedAt   *time.Time `json:"decided_at" nullable:"true"`
	DeciderID   *uuid.UUID `json:"decider_id" format:"uuid" nullable:"true"`
	Note        string     `json:"note"`
}

func viewReport(r community.Report) reportView {
	v := reportView{
		ID: r.ID, ReporterID: r.ReporterID, TargetType: r.TargetType, TargetID: r.TargetID, AuthorID: r.AuthorID, Reason: r.Reason, Excerpt: r.Excerpt,
		Status: reportStatus(r), CreatedAt: r.CreatedAt.UTC(), DueAt: r.DueAt.UTC(), EscalatedAt: rest.UTC(r.EscalatedAt), DecidedAt: rest.UTC(r.DecidedAt),
		DeciderID: r.DeciderID, Note: r.Note, QuestionID: orNull(r.TargetPart), CourseID: r.CourseID,
	}
	if r.Decision != nil {
		text := string(*r.Decision)
		v.Decision = &text
	}
	return v
}

// orNull returns nil for an empty text.
func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// ReportScope holds the filters that a cursor of the list is bound to.
type ReportScope struct {
	Status string `query:"status" enum:"open,decided,all" default:"open"`
}

type listReportsInput struct {
	ReportScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listReports(ctx context.Context, in *listReportsInput) (*rest.Page[reportView], error) {
	return rest.List[community.Report, reportView]{
		Name: "reports", Filter: in.ReportScope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]community.Report, error) {
			f := community.ReportFilter{After: after, Offset: in.Skip(), Limit: limit}
			if in.Status != "all" {
				open := in.Status == "open"
				f.Open = &open
			}
			return community.ListReports(ctx, s.DB, f)
		},
		Keyset: func(r community.Report) store.Keyset { return store.Keyset{At: r.CreatedAt, ID: r.ID} },
		Show:   viewReport,
	}.Page(ctx, s.API)
}

type decideReportInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Decision string `json:"decision" set:"report_decision"`
		Note     string `json:"note,omitempty" maxLength:"1000" text:"note" doc:"For other administrators"`
	}
}

func (s *Server) decideReport(ctx context.Context, in *decideReportInput) (*rest.Body[reportView], error) {
	now := s.Now()
	report, ended, err := community.DecideReport(ctx, s.DB, community.Verdict{
		Report: in.ID, Decision: community.Decision(in.Body.Decision), Note: in.Body.Note, By: rest.PrincipalOf(ctx).UserID,
		Suspension: s.suspension(ctx, uuid.Nil), Enqueuer: outbox.NewEnqueuer(s.Now),
		Wake: func(r community.Report) store.OutboxMessage { return outbox.ReportDecided(r, now) },
	})
	if err != nil {
		return nil, err
	}
	s.announceRevocation(ctx, ended...)
	return rest.Answer(viewReport(report)), nil
}
