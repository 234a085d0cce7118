package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// ownSessions registers the operations on the caller's sessions and password.
func (s *Server) ownSessions() {
	tags := []string{tagAuth}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-sessions", Method: http.MethodGet, Path: "/v1/auth/sessions", Tags: tags,
		Summary:     "List your sessions",
		Description: "Newest first.",
	}, s.listSessions)
	rest.Register(s.API, huma.Operation{
		OperationID: "end-session", Method: http.MethodDelete, Path: "/v1/auth/sessions/{id}", Tags: tags,
		Summary: "End a session",
		Description: "Every process refuses its tokens within a second, and its sockets are closed. Repeating it changes nothing. 404: it is not a session of the " +
			"caller.",
		DefaultStatus: http.StatusNoContent,
	}, s.endSession)
	rest.Register(s.API, huma.Operation{
		OperationID: "end-other-sessions", Method: http.MethodDelete, Path: "/v1/auth/sessions", Tags: tags,
		Summary:       "End all other sessions",
		Description:   "Ends every session of the caller except the current one.",
		DefaultStatus: http.StatusNoContent,
	}, s.endOtherSessions)
	rest.Register(s.API, huma.Operation{
		OperationID: "change-password", Method: http.MethodPost, Path: "/v1/auth/password", Tags: tags,
		Summary:       "Change your password",
		Description:   "Ends every other session. A wrong current password is a 401 and counts as a failed sign-in.",
		DefaultStatus: http.StatusNoContent,
		Errors:        []int{http.StatusConflict},
	}, s.changePassword, rest.Within(passwordTimeout))
}

type sessionView struct {
	ID         uuid.UUID `json:"id" format:"uuid"`
	Current    bool      `json:"current" doc:"Whether it is the session of this request."`
	CreatedAt  time.Time `json:"created_at"`
	LastUsedAt time.Time `json:"last_used_at" doc:"When its tokens were last refreshed."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it expires unless its tokens are refreshed."`
	UserAgent  string    `json:"user_agent" doc:"Of the client that signed in."`
	Address    string    `json:"address" doc:"Of the client that signed in."`
}

type listSessionsInput struct {
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listSessions(ctx context.Context, in *listSessionsInput) (*rest.Page[sessionView], error) {
	who := rest.PrincipalOf(ctx)
	return rest.List[accounts.Session, sessionView]{
		Name: "sessions", Filter: who.UserID, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]accounts.Session, error) {
			return accounts.ListSessions(ctx, s.DB, who.UserID, s.Now(), after, in.Skip(), limit)
		},
		Keyset: func(row accounts.Session) store.Keyset { return store.Keyset{At: row.CreatedAt, ID: row.ID} },
		Show: func(row accounts.Session) sessionView {
			return sessionView{
				ID: row.ID, Current: row.ID == who.SessionID, CreatedAt: row.CreatedAt.UTC(), LastUsedAt: row.LastUsedAt.UTC(),
				ExpiresAt: row.ExpiresAt.UTC(), UserAgent: row.UserAgent, Address: row.Address,
			}
		},
	}.Page(ctx, s.API)
}

func (s *Server) endSession(ctx context.Context, in *rest.PathID) (*struct{}, error) {
	user := rest.PrincipalOf(ctx).UserID
	entry := s.AuditEntry(ctx, store.AuditSignOut, user, map[string]any{"session_id": in.ID})
	if err := accounts.EndSession(ctx, s.DB, user, in.ID, entry); err != nil {
		return nil, err
	}
	s.announceRevocation(ctx, in.ID)
	return nil, nil //nolint:nilnil // no content
}

func (s *Server) endOtherSessions(ctx context.Context, _ *rest.NoInput) (*struct{}, error) {
	who := rest.PrincipalOf(ctx)
	entry := s.AuditEntry(ctx, store.AuditSignOut, who.UserID, map[string]any{"sessions": "others"})
	ended, err := accounts.EndOtherSessions(ctx, s.DB, who.UserID, who.SessionID, entry)
	s.announceRevocation(ctx, ended...)
	return nil, err
}

type changePasswordInput struct {
	Body struct {
		CurrentPassword string `json:"current_password" maxLength:"4096" text:"password"`
		NewPassword     string `json:"new_password" least:"8" most:"72" text:"password" doc:"8 characters to 72 bytes; not a common password, and not like the email address"`
	}
}

func (s *Server) changePassword(ctx context.Context, in *changePasswordInput) (*struct{}, error) {
	who := rest.PrincipalOf(ctx)
	user, err := accounts.FindUser(ctx, s.DB, who.UserID)
	if err != nil {
		return nil, err
	}
	if err := newPassword(in.Body.NewPassword, user.Email); err != nil {
		return nil, err
	}
	if err := s.provePassword(ctx, user, in.Body.CurrentPassword); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Body.NewPassword)
	if err != nil {
		return nil, err
	}
	entry := s.AuditEntry(ctx, store.AuditPasswordChanged, user.ID, nil)
	notice, message := s.mailTo(accounts.MailPasswordChanged, &user.ID, user.Email)
	ended, err := accounts.ChangePassword(ctx, s.DB, user.ID, who.SessionID, user.PasswordHash, hash, notice, message, entry)
	s.announceRevocation(ctx, ended...)
	return nil, err
}

// provePassword counts as a sign-in attempt, so that a stolen token cannot be used to guess the
// password.
func (s *Server) provePassword(ctx context.Context, user accounts.User, password string) error {
	attempt, err := s.beginAttempt(ctx, user.Email)
	if err != nil {
		return err
	}
	right, err := s.matches(ctx, user.PasswordHash, password)
	if err == nil && !right {
		s.warn(ctx, attempt, user.ID)
		err = store.Errorf(store.Unauthenticated, "The current password is wrong.")
	}
	attempt.end(ctx, err)
	return err
}

// newPassword returns Invalid for a password that may not be chosen.
func newPassword(password, email string) error {
	if err := auth.CheckNewPassword(password, email); err != nil {
		return store.BadField("body", "/new_password", err.Error())
	}
	return nil
}
