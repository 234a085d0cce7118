package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows/outbox"
)

func (s *Server) suspensions(tags []string) {
	rest.Register(s.API, huma.Operation{
		OperationID: "suspend-user", Method: http.MethodPut, Path: "/v1/admin/users/{id}/suspension", Tags: tags,
		Summary: "Suspend a user",
		Description: "Disables the account, ends its sessions, cancels its open tasks and hides what it wrote. Repeating it changes nothing. 409: the account is " +
			"an administrator's, or is being deleted. For administrators.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, s.suspendUser, rest.Admins)
	rest.Register(s.API, huma.Operation{
		OperationID: "unsuspend-user", Method: http.MethodDelete, Path: "/v1/admin/users/{id}/suspension", Tags: tags,
		Summary: "Lift the suspension of a user",
		Description: "Enables the account, unless it is being deleted, and shows what the suspension had hidden. 409: the account is not suspended. For " +
			"administrators.",
		DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, s.unsuspendUser, rest.Admins)
}

// suspension returns a suspension of the user by the administrator who sent the request.
func (s *Server) suspension(ctx context.Context, user uuid.UUID) community.Suspension {
	now := s.Now()
	return community.Suspension{
		User: user, Entry: s.AuditEntry(ctx, store.AuditSuspended, uuid.Nil, nil),
		Cancel: func(task tasks.Task) store.OutboxMessage { return outbox.CancelSoon(task, now) },
	}
}

type suspensionInput struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

func (s *Server) suspendUser(ctx context.Context, in *suspensionInput) (*struct{}, error) {
	ended, err := community.Suspend(ctx, s.DB, s.suspension(ctx, in.ID))
	if err != nil {
		return nil, err
	}
	s.announceRevocation(ctx, ended...)
	return nil, nil //nolint:nilnil // no content
}

func (s *Server) unsuspendUser(ctx context.Context, in *suspensionInput) (*struct{}, error) {
	return nil, community.Unsuspend(ctx, s.DB, in.ID, s.AuditEntry(ctx, store.AuditUnsuspended, uuid.Nil, nil))
}
