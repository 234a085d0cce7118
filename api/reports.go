package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// reports registers the route of reports.
func (s *Server) reports() {
	rest.Register(s.API, huma.Operation{
		OperationID: "create-report", Method: http.MethodPost, Path: "/v1/community/reports", Tags: []string{tagCommunity},
		Summary: "Report content or a user",
		Description: "Opens a case to be decided within 24 hours. Reporting the same target again answers 200 with the first report. Own posts and comments " +
			"cannot be reported; own courses can, since a model wrote them.",
		DefaultStatus: http.StatusCreated,
		Responses:     map[string]*huma.Response{}, Errors: []int{http.StatusNotFound},
	}, s.createReport)
	describeRepetition(s.OpenAPI().Paths["/v1/community/reports"].Post)
}

// describeRepetition documents 200 beside 201.
func describeRepetition(op *huma.Operation) {
	again := *op.Responses["201"]
	again.Description = "It was reported before"
	op.Responses["200"] = &again
}

type createReportInput struct {
	Body struct {
		TargetType string    `json:"target_type" set:"report_target"`
		TargetID   uuid.UUID `json:"target_id" format:"uuid" doc:"For a question, the id of its quiz."`
		QuestionID *string   `json:"question_id,omitempty" nullable:"true" maxLength:"100" text:"line" doc:"The question of the quiz; absent: all questions."`
		Reason     string    `json:"reason" maxLength:"1000" text:"prose"`
	}
}

// Resolve reports the rule violations that the schema cannot express.
func (in *createReportInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	if in.Body.TargetType != moderation.TargetQuestion && rest.TextOf(in.Body.QuestionID) != "" {
		faults.Add("question_id", "goes with target_type question only")
	}
	return faults
}

// ownReportView is a report as its reporter sees it.
type ownReportView struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	TargetType string    `json:"target_type" set:"report_target"`
	TargetID   uuid.UUID `json:"target_id" format:"uuid"`
	QuestionID *string   `json:"question_id" nullable:"true" doc:"The question, when a single question of a quiz was reported."`
	Reason     string    `json:"reason"`
	Status     string    `json:"status" enum:"open,decided"`
	CreatedAt  time.Time `json:"created_at"`
	DueAt      time.Time `json:"due_at" doc:"The deadline for a decision."`
}

type createReportOutput struct {
	Status int
	Body   ownReportView
}

func (s *Server) createReport(ctx context.Context, in *createReportInput) (*createReportOutput, error) {
	now := s.Now()
	message := func(r community.Report) store.OutboxMessage { return outbox.ReviewReport(r, now) }
	report, made, err := community.CreateReport(ctx, s.DB, moderation.Viewer{ID: rest.PrincipalOf(ctx).UserID}, community.Report{
		TargetType: in.Body.TargetType, TargetID: in.Body.TargetID, TargetPart: rest.TextOf(in.Body.QuestionID), Reason: in.Body.Reason, CreatedAt: now,
	}, message)
	if err != nil {
		return nil, err
	}
	out := &createReportOutput{http.StatusOK, ownReportView{
		ID: report.ID, TargetType: report.TargetType, TargetID: report.TargetID, QuestionID: orNull(report.TargetPart), Reason: report.Reason, Status: reportStatus(report),
		CreatedAt: report.CreatedAt.UTC(), DueAt: report.DueAt.UTC(),
	}}
	if made {
		out.Status = http.StatusCreated
	}
	return out, nil
}

func reportStatus(r community.Report) string {
	if r.Decision == nil {
		return "open"
	}
	return "decided"
}
