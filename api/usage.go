package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
)

// usageView is the usage of a user's courses and the remaining quota.
type usageView struct {
	Today            usageDay   `json:"today"`
	DailyTokens      *int64     `json:"daily_tokens" nullable:"true" doc:"The daily limit (UTC); null: unlimited."`
	RemainingTokens  *int64     `json:"remaining_tokens" nullable:"true"`
	ResetsAt         time.Time  `json:"resets_at" doc:"When the daily count starts again."`
	Running          int        `json:"running" doc:"Generations under way."`
	Waiting          int        `json:"waiting" doc:"Generations queued behind those."`
	RunningAtOnce    int        `json:"running_at_once" doc:"How many generations can run at once."`
	Days             []usageDay `json:"days" nullable:"false" doc:"The last 30 days, newest first, without days of no use."`
	TypicalPerCourse int        `json:"typical_tokens_per_course" doc:"What a generation by a model counts for until it ends. One that quotes its sources, or a study plan, counts for nothing."`
}

type usageDay struct {
	Date         string  `json:"date" format:"date"`
	Calls        int     `json:"calls" doc:"Requests to the model."`
	InputTokens  int64   `json:"input_tokens"`
	OutputTokens int64   `json:"output_tokens"`
	Seconds      float64 `json:"seconds" doc:"Time the model took."`
}

type usageOutput struct{ Body usageView }

// usageDays is the number of days in the list.
const usageDays = 30

func (s *Server) usage(ctx context.Context, _ *rest.NoInput) (*usageOutput, error) {
	user, today := rest.PrincipalOf(ctx).UserID, s.Now().Truncate(24*time.Hour)
	days, err := courses.UsageByDay(ctx, s.DB, user, today.AddDate(0, 0, 1-usageDays))
	if err != nil {
		return nil, err
	}
	line, err := courses.QueueOf(ctx, s.DB, user)
	if err != nil {
		return nil, err
	}
	v := usageView{
		Today: usageDay{Date: today.Format(time.DateOnly)}, ResetsAt: today.AddDate(0, 0, 1), Running: line.Running, Waiting: line.Waiting,
		RunningAtOnce: s.Config.Course.AtOnce, Days: []usageDay{}, TypicalPerCourse: courses.TypicalTokens,
	}
	for _, d := range days {
		day := usageDay{d.Date.Format(time.DateOnly), d.Calls, d.InputTokens, d.OutputTokens, d.Seconds}
		v.Days = append(v.Days, day)
		if day.Date == v.Today.Date {
			v.Today = day
		}
	}
	if quota := s.Config.Course.DailyTokens; quota > 0 {
		left := max(quota-v.Today.InputTokens-v.Today.OutputTokens, 0)
		v.DailyTokens, v.RemainingTokens = &quota, &left
	}
	return &usageOutput{v}, nil
}

func usageOperation() huma.Operation {
	return huma.Operation{
		OperationID: "get-usage", Method: http.MethodGet, Path: "/v1/users/me/usage", Tags: []string{rest.TagUsers},
		Summary:     "Get your model usage",
		Description: "What the caller's courses have cost, and what may still be spent today.",
	}
}
