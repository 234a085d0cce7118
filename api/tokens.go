package api

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

const roleUser = "user"

// TokenPair is the pair of access token and refresh token.
type TokenPair struct {
	AccessToken  string `json:"access_token" doc:"JWT for Authorization: Bearer"`
	RefreshToken string `json:"refresh_token" doc:"Opaque; replaced at each use"`
	TokenType    string `json:"token_type" enum:"bearer"`
	ExpiresIn    int    `json:"expires_in" doc:"Lifetime of the access token in seconds"`
}

type signedInBody struct {
	TokenPair
	User userView `json:"user"`
}

// signedIn is the answer of login and register.
type signedIn struct {
	CacheControl string `header:"Cache-Control"`
	Body         signedInBody
}

// newSession returns a session that is not stored yet, and its first refresh token.
func (s *Server) newSession(ctx context.Context, user uuid.UUID, now time.Time) (auth.Refresh, accounts.Session) {
	token := s.refresh.Mint(store.NewID())
	session := accounts.Session{
		ID: token.Session, UserID: user, TokenHash: token.Hash, RotatedAt: now, CreatedAt: now, LastUsedAt: now,
		UserAgent: rest.RequestInfoOf(ctx).StoredAgent(), Address: rest.RequestInfoOf(ctx).Address,
	}
	session.Prolong(now.Add(s.Config.Auth.RefreshFor), s.Config.Auth.SessionMax)
	return token, session
}

func (s *Server) pair(user accounts.User, session accounts.Session, refresh string) (TokenPair, error) {
	access, life, err := s.access.Sign(user.ID, session.ID, user.Roles, session.ExpiresAt)
	return TokenPair{AccessToken: access, RefreshToken: refresh, TokenType: "bearer", ExpiresIn: int(life.Seconds())}, err
}

func (s *Server) signedIn(user accounts.User, session accounts.Session, token auth.Refresh) (*signedIn, error) {
	pair, err := s.pair(user, session, token.Token)
	if err != nil {
		return nil, err
	}
	return &signedIn{CacheControl: "no-store", Body: signedInBody{TokenPair: pair, User: viewUser(user)}}, nil
}

type refreshInput struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"1024"`
	}
}

type refreshed struct {
	CacheControl string `header:"Cache-Control"`
	Body         TokenPair
}

func (s *Server) refreshTokens(ctx context.Context, in *refreshInput) (*refreshed, error) {
	shown, ok := s.refresh.Parse(in.Body.RefreshToken)
	if !ok {
		return nil, store.Errorf(store.Unauthenticated, "The refresh token is not valid. Sign in again.")
	}
	next := s.refresh.Mint(shown.Session)
	sealed, err := shown.Seal(next)
	if err != nil {
		return nil, err
	}
	out, err := accounts.RotateSession(ctx, s.DB, shown.Session, accounts.Rotation{
		Presented: shown.Hash, Genuine: shown.Genuine, NextHash: next.Hash, Sealed: sealed,
		Lifetime: s.Config.Auth.RefreshFor, Longest: s.Config.Auth.SessionMax, Now: s.Now(),
		Reused: s.AuditEntry(ctx, store.AuditTokenReused, uuid.Nil, map[string]any{"session_id": shown.Session}),
	})
	if out.Ended {
		s.announceRevocation(ctx, shown.Session)
	}
	if err != nil {
		return nil, err
	}
	return s.rotated(shown, next.Token, out)
}

func (s *Server) rotated(shown auth.Refresh, token string, out accounts.Rotated) (*refreshed, error) {
	if out.Replayed {
		var err error
		if token, err = shown.Open(out.Session.SealedSuccessor); err != nil {
			return nil, err
		}
	}
	pair, err := s.pair(out.User, out.Session, token)
	return &refreshed{CacheControl: "no-store", Body: pair}, err
}
