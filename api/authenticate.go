package api

import (
	"context"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// authenticate checks an access token and that its session belongs to its user and is open. A bad
// token is Unauthenticated, a disabled account is Forbidden. A session that ended is refused within a
// second, whichever process ended it.
func (s *Server) authenticate(ctx context.Context, token string) (rest.Principal, error) {
	claims, err := s.access.Verify(token)
	if err != nil {
		return rest.Principal{}, rest.BadToken().Because(err)
	}
	return s.checkSession(ctx, rest.Principal{UserID: claims.UserID, SessionID: claims.SessionID, Roles: claims.Roles})
}

// checkSession returns the principal if its session is open, with the errors of authenticate.
func (s *Server) checkSession(ctx context.Context, p rest.Principal) (rest.Principal, error) {
	state, err := s.sessionCache.of(ctx, p.SessionID, p.UserID)
	if err != nil {
		return rest.Principal{}, err
	}
	switch state {
	case accounts.SessionLive:
		return p, nil
	case accounts.SessionInactive:
		return rest.Principal{}, store.Errorf(store.Forbidden, "This account is not active.")
	case accounts.SessionEnded:
	}
	return rest.Principal{}, rest.BadToken()
}
