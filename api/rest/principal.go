package rest

import (
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"

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

// PrincipalOf returns the request's principal. It is zero only in public operations.
func PrincipalOf(ctx context.Context) Principal {
	p, _ := ctx.Value(principalKey{}).(Principal)
	return p
}

// WithPrincipal returns the context of a request that comes from p, and notes the user for the log.
func WithPrincipal(ctx context.Context, p Principal) context.Context {
	RequestInfoOf(ctx).User = p.UserID.String()
	return context.WithValue(ctx, principalKey{}, p)
}

// BadToken returns the error for a token that is missing, malformed, expired or revoked.
func BadToken() *store.Error {
	return store.Errorf(store.Unauthenticated, "The access token is missing or not valid. Sign in or refresh, then try again.")
}

// BearerToken returns the token of an Authorization field, or "".
func BearerToken(header string) string {
	scheme, token, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}
