package api

import (
	"context"

	"github.com/google/uuid"
)

// ended spreads the end of sessions, which Postgres has already: their access
// tokens are refused by every process within a second, and their sockets closed.
func (s *Server) announceRevocation(ctx context.Context, sessions ...uuid.UUID) {
	for _, session := range sessions {
		s.sessionCache.ended(ctx, session)
	}
	s.Hub.EndSignIns(ctx, sessions...)
}
