package api

import (
	"context"

	"github.com/google/uuid"
)

// announceRevocation publishes the end of sessions that Postgres has recorded. Every process refuses
// their access tokens within a second and closes their sockets.
func (s *Server) announceRevocation(ctx context.Context, sessions ...uuid.UUID) {
	for _, session := range sessions {
		s.sessionCache.ended(session)
	}
	s.Hub.EndSignIns(ctx, sessions...)
}
