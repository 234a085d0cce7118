package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// admin registers the operations of administrators.
func (s *Server) admin() {
	rest.Register(s.API, huma.Operation{
		OperationID: "list-audit", Method: http.MethodGet, Path: "/v1/admin/audit", Tags: []string{rest.TagAdmin},
		Summary:     "List audit log entries",
		Description: "Newest first. Reading the log is itself recorded. For administrators.",
	}, s.listAudit, rest.Admins)
}

// needAdmin returns Forbidden unless the principal is an administrator now. Tokens carry roles, but a
// revoked role must not last as long as the token.
func (s *Server) needAdmin(ctx context.Context) error {
	is, err := accounts.HasRole(ctx, s.DB, rest.PrincipalOf(ctx).UserID, accounts.RoleAdmin)
	if err == nil && !is {
		return store.Errorf(store.Forbidden, "This is for administrators.")
	}
	return err
}

type auditView struct {
	ID        uuid.UUID      `json:"id" format:"uuid"`
	At        time.Time      `json:"at"`
	Action    string         `json:"action" doc:"Such as session.started, session.refused, role.granted, account.deleted."`
	ActorID   *uuid.UUID     `json:"actor_id" format:"uuid" nullable:"true" doc:"The user who did it; null: nobody was signed in."`
	UserID    *uuid.UUID     `json:"user_id" format:"uuid" nullable:"true" doc:"The account concerned; null: none. For an erased account only its last entry has the real id; the others have the pseudonym given there."`
	Via       string         `json:"via" set:"audit_via"`
	Address   string         `json:"address"`
	UserAgent string         `json:"user_agent"`
	RequestID string         `json:"request_id"`
	Details   map[string]any `json:"details"`
}

// AuditScope holds the filters that a cursor of the log is bound to.
type AuditScope struct {
	Action  string    `query:"action" maxLength:"50"`
	UserID  string    `query:"user_id" format:"uuid" doc:"The account concerned"`
	ActorID string    `query:"actor_id" format:"uuid" doc:"The user who did it"`
	Since   time.Time `query:"since" doc:"At or after"`
	Before  time.Time `query:"before" doc:"Before"`
}

type listAuditInput struct {
	AuditScope
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listAudit(ctx context.Context, in *listAuditInput) (*rest.Page[auditView], error) {
	return rest.List[store.AuditEntry, auditView]{
		Name: "audit", Filter: in.AuditScope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]store.AuditEntry, error) {
			entries, err := store.ListAudit(ctx, s.DB, store.AuditFilter{
				Action: store.AuditAction(in.Action), UserID: givenID(in.UserID), ActorID: givenID(in.ActorID),
				Since: givenTime(in.Since), Before: givenTime(in.Before), After: after, Offset: in.Skip(), Limit: limit,
			})
			if err != nil {
				return nil, err
			}
			read := s.AuditEntry(ctx, store.AuditRead, uuid.Nil, map[string]any{"query": rest.RequestInfoOf(ctx).Query})
			if err := store.Audit(ctx, s.DB, read); err != nil {
				return nil, err // a read that cannot be audited is refused
			}
			return entries, nil
		},
		Keyset: func(e store.AuditEntry) store.Keyset { return store.Keyset{At: e.At, ID: e.ID} },
		Show:   viewAudit,
	}.Page(ctx, s.API)
}

func viewAudit(e store.AuditEntry) auditView {
	return auditView{
		ID: e.ID, At: e.At.UTC(), Action: string(e.Action), ActorID: e.ActorID, UserID: e.UserID, Via: e.Via,
		Address: e.Address, UserAgent: e.UserAgent, RequestID: e.RequestID, Details: e.Details,
	}
}

// givenID returns nil for an empty text. The text's shape has been checked.
func givenID(text string) *uuid.UUID {
	id, err := uuid.Parse(text)
	if err != nil {
		return nil
	}
	return &id
}

func givenTime(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
