package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
)

// auditEntry is the line of the audit log for something that the request brings
// about on an account: from where, under which request id, and by whom, where
// somebody is signed in. about is uuid.Nil when it is nobody's account.
func (s *Server) auditEntry(ctx context.Context, action store.AuditAction, about uuid.UUID, details map[string]any) store.AuditEntry {
	ex := requestInfoOf(ctx)
	entry := store.AuditEntry{
		ID: store.NewID(), At: s.now(), Action: action, Via: store.AuditAPI,
		Address: ex.address, UserAgent: shortAgent(ex.agent), RequestID: ex.id, Details: details,
	}
	if who := principal(ctx).UserID; who != uuid.Nil {
		entry.ActorID = &who
	}
	if about != uuid.Nil {
		entry.UserID = &about
	}
	return entry
}
