package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
)

// auditEntry returns an audit entry for this request: the action, the account it is about, the
// address, the request id and the signed-in user. about is uuid.Nil when no account is concerned.
func (s *Server) auditEntry(ctx context.Context, action store.AuditAction, about uuid.UUID, details map[string]any) store.AuditEntry {
	info := rest.RequestInfoOf(ctx)
	entry := store.AuditEntry{
		ID: store.NewID(), At: s.now(), Action: action, Via: store.AuditAPI,
		Address: info.Address, UserAgent: shortAgent(info.Agent), RequestID: info.ID, Details: details,
	}
	if who := rest.PrincipalOf(ctx).UserID; who != uuid.Nil {
		entry.ActorID = &who
	}
	if about != uuid.Nil {
		entry.UserID = &about
	}
	return entry
}
