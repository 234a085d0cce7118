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
)

// pendingReview registers the operations on content that awaits review.
func (s *Server) pendingReview(tags []string) {
	rest.Register(s.API, huma.Operation{
		OperationID: "list-held", Method: http.MethodGet, Path: "/v1/admin/held", Tags: tags,
		Summary:     "List content awaiting review",
		Description: "Posts, comments and courses on hold, oldest first. For administrators.",
	}, s.listPending, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "decide-held", Method: http.MethodPost, Path: "/v1/admin/held/{id}/decision", Tags: tags,
		Summary: "Approve or reject content awaiting review",
		Description: "approve makes it visible, unless its author is suspended. reject deletes a post or comment; a course is hidden and remains its owner's. " +
			"404: it awaits no review. For administrators.",
	}, s.decidePending, rest.Admins)
}

// heldView is content that awaits review, as administrators see it.
type heldView struct {
	ID         uuid.UUID  `json:"id" format:"uuid"`
	TargetType string     `json:"target_type" set:"held_target"`
	PostID     uuid.UUID  `json:"post_id" format:"uuid" doc:"For a course, the course's id."`
	AuthorID   *uuid.UUID `json:"author_id" format:"uuid" nullable:"true"`
	Title      string     `json:"title" doc:"Title of a post or course."`
	Content    string     `json:"content" doc:"For a course, its summary and description; the whole course is at /v1/admin/courses/{id}."`
	HeldFor    string     `json:"held_for" doc:"Why it is on hold."`
	CreatedAt  time.Time  `json:"created_at"`
}

// adminListInput is the input of the lists for administrators that have no filter.
type adminListInput struct {
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listPending(ctx context.Context, in *adminListInput) (*rest.Page[heldView], error) {
	return rest.List[community.PendingContent, heldView]{
		Name: "held", Filter: nil, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]community.PendingContent, error) {
			return community.ListPending(ctx, s.DB, after, in.Skip(), limit)
		},
		Keyset: func(h community.PendingContent) store.Keyset { return store.Keyset{At: h.CreatedAt, ID: h.ID} },
		Show: func(h community.PendingContent) heldView {
			return heldView{h.ID, h.TargetType, h.PostID, h.AuthorID, h.Title, h.Content, h.FlagReason, h.CreatedAt.UTC()}
		},
	}.Page(ctx, s.API)
}

type decideHeldInput struct {
	ID   uuid.UUID `path:"id" format:"uuid"`
	Body struct {
		Decision string `json:"decision" enum:"approve,reject"`
	}
}

func (s *Server) decidePending(ctx context.Context, in *decideHeldInput) (*rest.Body[done], error) {
	w, err := s.deciding(ctx)
	if err != nil {
		return nil, err
	}
	approved := in.Body.Decision == "approve"
	if err := community.DecidePending(ctx, s.DB, w, in.ID, approved); err != nil {
		return nil, err
	}
	message := "Others will not see it."
	if approved {
		message = "Others can see it now."
	}
	return rest.Answer(done{message}), nil
}
