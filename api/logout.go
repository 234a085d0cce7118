package api

import (
	"context"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

type logOutInput struct {
	Authorization string `header:"Authorization" hidden:"true"`
	Body          *struct {
		RefreshToken string `json:"refresh_token,omitempty" maxLength:"1024"`
	}
}

func (s *Server) logOut(ctx context.Context, in *logOutInput) (*struct{}, error) {
	ending, err := s.provenSessions(ctx, in)
	if err != nil {
		return nil, err
	}
	if len(ending) == 0 {
		return nil, rest.BadToken()
	}
	for _, session := range ending {
		if err := accounts.RevokeSession(ctx, s.DB, session, s.AuditEntry(ctx, store.AuditSignOut, uuid.Nil, map[string]any{"session_id": session})); err != nil {
			return nil, err
		}
		s.announceRevocation(ctx, session)
	}
	return nil, nil //nolint:nilnil // no content
}

// provenSessions returns the sessions that the request's tokens belong to, whether or not they are
// still open. Logging out twice is not an error.
func (s *Server) provenSessions(ctx context.Context, in *logOutInput) ([]uuid.UUID, error) {
	var proven []uuid.UUID
	if claims, err := s.access.Verify(rest.BearerToken(in.Authorization)); err == nil {
		rest.RequestInfoOf(ctx).User = claims.UserID.String()
		session, err := accounts.FindSessionStatus(ctx, s.DB, claims.SessionID, s.Now())
		if err != nil {
			return nil, err
		}
		if session.UserID == claims.UserID || session.UserID == uuid.Nil {
			proven = append(proven, claims.SessionID)
		}
	}
	if in.Body == nil || in.Body.RefreshToken == "" {
		return proven, nil
	}
	token, ok := s.refresh.Parse(in.Body.RefreshToken)
	if !ok {
		return proven, nil
	}
	current := token.Genuine
	if !current {
		var err error
		if current, err = accounts.HoldsToken(ctx, s.DB, token.Session, token.Hash); err != nil {
			return nil, err
		}
	}
	if current {
		proven = append(proven, token.Session)
	}
	return proven, nil
}
