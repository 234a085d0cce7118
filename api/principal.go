package api

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// Principal is the user and session that a request comes from.
type Principal struct {
	UserID, SessionID uuid.UUID
	Roles             []string
}

// Has reports whether the principal holds a role.
func (p Principal) Has(role string) bool { return slices.Contains(p.Roles, role) }

type principalKey struct{}

// principal returns the request's principal. It is zero only in public operations.
func principal(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

func withPrincipal(ctx context.Context, p Principal) context.Context {
	requestInfoOf(ctx).user = p.UserID.String()
	return context.WithValue(ctx, principalKey{}, p)
}

// authenticate checks an access token and that its session belongs to its user and is open. A bad
// token is Unauthenticated, a disabled account is Forbidden. A session that ended is refused within a
// second, whichever process ended it.
func (s *Server) authenticate(ctx context.Context, token string) (Principal, error) {
	claims, err := s.access.Verify(token)
	if err != nil {
		return Principal{}, badToken().Because(err)
	}
	return s.checkSession(ctx, Principal{UserID: claims.UserID, SessionID: claims.SessionID, Roles: claims.Roles})
}

// checkSession returns the principal if its session is open, with the errors of authenticate.
func (s *Server) checkSession(ctx context.Context, p Principal) (Principal, error) {
	standing, err := s.sessionCache.of(ctx, p.SessionID, p.UserID)
	if err != nil {
		return Principal{}, err
	}
	switch standing {
	case accounts.SessionLive:
		return p, nil
	case accounts.SessionInactive:
		return Principal{}, store.Errorf(store.Forbidden, "This account is not active.")
	case accounts.SessionEnded:
	}
	return Principal{}, badToken()
}

func badToken() *store.Error {
	return store.Errorf(store.Unauthenticated, "The access token is missing or not valid. Sign in or refresh, then try again.")
}

// bearer returns the token of an Authorization field, or "".
func bearer(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
