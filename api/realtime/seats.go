package realtime

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// seatFor is how long Redis holds a seat for a socket without a heartbeat. The
// seats of a process that dies stay taken for as long.
const seatFor = 90 * time.Second

// seat is one socket's place among those a user may have.
type seat struct {
	hub  *Hub
	user uuid.UUID
	name string
}

// sit counts the user's sockets: over all processes while Redis answers, else
// in this one. ok is false when no seat is left.
func (h *Hub) sit(ctx context.Context, user uuid.UUID) (s *seat, ok bool) {
	if !h.sitHere(user) {
		return nil, false
	}
	s = &seat{h, user, uuid.NewString()}
	if !s.renew(ctx) {
		h.standHere(user)
		return nil, false
	}
	return s, true
}

// renew holds the seat for another while. It is false only when the others are
// all taken, and true when Redis is away.
func (s *seat) renew(ctx context.Context) bool {
	h := s.hub
	taken, err := h.share.run(ctx, h.share.seating, []string{seatsKey(s.user)}, s.name, h.o.SocketsPerUser, seatFor.Milliseconds())
	return err != nil || taken != int64(0)
}

func (s *seat) stand(ctx context.Context) {
	s.hub.standHere(s.user)
	s.hub.share.drop(context.WithoutCancel(ctx), seatsKey(s.user), s.name)
}

func seatsKey(user uuid.UUID) string { return "lyo:user:{" + user.String() + "}:sockets" }

func (h *Hub) sitHere(user uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users[user] >= h.o.SocketsPerUser {
		return false
	}
	h.users[user]++
	h.open++
	return true
}

func (h *Hub) standHere(user uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.users[user]--; h.users[user] == 0 {
		delete(h.users, user)
	}
}
