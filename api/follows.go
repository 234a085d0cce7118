package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
)

// follows registers the routes of follows.
func (s *Server) follows() {
	for _, op := range []struct {
		method, id, summary, description string
		wanted                           bool
	}{
		{http.MethodPut, "follow-user", "Follow a user", "Their activity appears in the caller's following feed. 404: the user does not exist, is disabled, or one has blocked the other.", true},
		{http.MethodDelete, "unfollow-user", "Unfollow a user", "Their activity leaves the caller's following feed.", false},
	} {
		rest.Register(s.API, huma.Operation{
			OperationID: op.id, Method: op.method, Path: "/v1/users/{id}/follow", Tags: []string{tagCommunity}, Summary: op.summary,
			Description: op.description + " Repeating it changes nothing.", DefaultStatus: http.StatusNoContent,
		}, func(ctx context.Context, in *followInput) (*struct{}, error) {
			return nil, community.SetFollow(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, op.wanted, s.Now())
		})
	}
}

type followInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}
