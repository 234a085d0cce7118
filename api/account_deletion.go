package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// accountDeletion registers the operation that deletes an account.
func (s *Server) accountDeletion() {
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-me", Method: http.MethodDelete, Path: "/v1/users/me", Tags: []string{rest.TagUsers},
		Summary: "Delete your account",
		Description: "Ends all sessions and sockets at once and cancels open tasks. For a grace period an administrator can restore the account; then all " +
			"personal data is erased.",
	}, s.deleteMe)
}

type departureView struct {
	Message string    `json:"message"`
	UserID  uuid.UUID `json:"user_id" format:"uuid"`
	Note    string    `json:"note" doc:"Until when the deletion can be undone, in words."`
}

type departureOutput struct{ Body departureView }

type deleteMeInput struct{ rest.Changing }

func (s *Server) deleteMe(ctx context.Context, in *deleteMeInput) (*departureOutput, error) {
	user, now := rest.PrincipalOf(ctx).UserID, s.Now()
	deletion, due := store.NewID(), now.Add(s.Config.Account.DeletionGrace)
	message := outbox.DeleteAccount(user, deletion, due, now)
	ended, err := privacy.RequestDeletion(ctx, s.DB, privacy.Deletion{
		ID: deletion, User: user, Due: due, Start: message,
		Cancel: func(task tasks.Task) store.OutboxMessage { return outbox.CancelSoon(task, now) },
		Entry:  s.AuditEntry(ctx, store.AuditDeletionRequested, user, map[string]any{"due_at": due}),
	}, func(row accounts.User) error { return rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewUser(row))) })
	if err != nil {
		return nil, err
	}
	s.announceRevocation(ctx, ended...)
	return &departureOutput{departureView{
		Message: "Your account is being deleted.", UserID: user,
		Note: "You are signed out everywhere. Until " + due.Format(time.RFC1123) + " an administrator can restore the account; then all your data is removed for good.",
	}}, nil
}
