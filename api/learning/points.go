package learning

import (
	"context"
	"net/http"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
	"github.com/lyoapp/lyo/workflows/outbox"
)

func awardOperation() huma.Operation {
	return huma.Operation{
		OperationID: "award-points", Method: http.MethodPost, Path: "/v1/gamification/award-points", Tags: []string{TagGame, rest.TagAdmin},
		Summary: "Award points to a user",
		Description: "Takes JSON or query parameters; JSON wins. With an Idempotency-Key the points are awarded once. Achievements that follow are unlocked a " +
			"moment later. 404: the user does not exist or is disabled. For administrators.",
		Errors: []int{http.StatusNotFound},
	}
}

type awardInput struct {
	Keyed
	UserID string     `query:"user_id" format:"uuid"`
	Points int        `query:"points" minimum:"0" maximum:"100000"`
	Reason string     `query:"reason" maxLength:"500"`
	Body   *awardBody `contentType:"application/json"`
}

type awardBody struct {
	UserID *string `json:"user_id,omitempty" nullable:"true" format:"uuid"`
	Points *int    `json:"points,omitempty" nullable:"true" minimum:"1" maximum:"100000"`
	Reason *string `json:"reason,omitempty" nullable:"true" maxLength:"500" text:"line"`
}

// Resolve merges the two spellings of the input and validates the result.
func (in *awardInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	if b := in.Body; b != nil {
		if b.UserID != nil {
			in.UserID = *b.UserID
		}
		if b.Points != nil {
			in.Points = *b.Points
		}
		if b.Reason != nil {
			in.Reason = *b.Reason
		}
	}
	in.Reason = faults.Text("reason", in.Reason, texts.Line) // it may have come as a parameter
	if _, err := uuid.Parse(in.UserID); err != nil {
		faults.Add("user_id", "is required, and a UUID")
	}
	if in.Points < 1 {
		faults.Add("points", "is required, and 1 to 100000")
	}
	if utf8.RuneCountInString(in.Reason) < 1 {
		faults.Add("reason", "is required")
	}
	return faults
}

type awardView struct {
	Message   string    `json:"message"`
	UserID    uuid.UUID `json:"user_id" format:"uuid"`
	Reason    string    `json:"reason"`
	OldPoints int64     `json:"old_points"`
	NewPoints int64     `json:"new_points"`
	LevelUp   bool      `json:"level_up"`
	NewLevel  int       `json:"new_level"`
}

type awardOutput struct {
	Replayed string `header:"Idempotent-Replayed" doc:"true when an earlier request with the key awarded the points."`
	Body     awardView
}

func (h *handlers) awardPoints(ctx context.Context, in *awardInput) (*awardOutput, error) {
	user, err := uuid.Parse(in.UserID)
	if err != nil {
		return nil, err // Resolve has validated it
	}
	result, replayed, err := learning.AwardPoints(ctx, h.DB, learning.Award{
		AdminID: rest.PrincipalOf(ctx).UserID, UserID: user, Points: in.Points, Reason: in.Reason, At: h.Now(),
		Key: in.key("award", user, in.Points, in.Reason), Entry: h.AuditEntry(ctx, store.AuditPointsAwarded, user, nil),
	}, outbox.NewEnqueuer(h.Now))
	if err != nil {
		return nil, err
	}
	out := &awardOutput{Body: awardView{
		Message: "The points are given.", UserID: user, Reason: in.Reason, OldPoints: result.OldPoints, NewPoints: result.NewPoints,
		LevelUp: result.LevelUp, NewLevel: result.NewLevel,
	}}
	if replayed {
		out.Replayed = "true"
	}
	return out, nil
}
