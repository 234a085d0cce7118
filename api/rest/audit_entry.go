package rest

import (
	"context"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
)

// AuditEntry returns an audit entry for this request: the action, the account it is about, the
// address, the request id and the signed-in user. about is uuid.Nil when no account is concerned.
func (a *API) AuditEntry(ctx context.Context, action store.AuditAction, about uuid.UUID, details map[string]any) store.AuditEntry {
	info := RequestInfoOf(ctx)
	entry := store.AuditEntry{
		ID: store.NewID(), At: a.Now(), Action: action, Via: store.AuditAPI,
		Address: info.Address, UserAgent: info.StoredAgent(), RequestID: info.ID, Details: details,
	}
	if who := PrincipalOf(ctx).UserID; who != uuid.Nil {
		entry.ActorID = &who
	}
	if about != uuid.Nil {
		entry.UserID = &about
	}
	return entry
}
