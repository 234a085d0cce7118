package realtime

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// slotTTL is how long Redis keeps a slot for a socket without a heartbeat, and so the
// slots of a process that died.
const slotTTL = 90 * time.Second

// slot is one of the sockets that a user may have open.
type slot struct {
	hub  *Hub
	user uuid.UUID
	name string
}

// acquire counts the user's sockets: over all processes while Redis answers,
// otherwise in this one. ok is false when no slot is left.
func (h *Hub) acquire(ctx context.Context, user uuid.UUID) (s *slot, ok bool) {
	if !h.acquireLocal(user) {
		return nil, false
	}
	s = &slot{h, user, uuid.NewString()}
	if !s.renew(ctx) {
		h.releaseLocal(user)
		return nil, false
	}
	return s, true
}

// renew extends the slot. It returns false only when all others are taken, and true
// when Redis is away.
func (s *slot) renew(ctx context.Context) bool {
	h := s.hub
	taken, err := h.share.run(ctx, h.share.acquiring, []string{slotsKey(s.user)}, s.name, h.o.SocketsPerUser, slotTTL.Milliseconds())
	return err != nil || taken != int64(0)
}

func (s *slot) release(ctx context.Context) {
	s.hub.releaseLocal(s.user)
	s.hub.share.drop(context.WithoutCancel(ctx), slotsKey(s.user), s.name)
}

func slotsKey(user uuid.UUID) string { return "lyo:user:{" + user.String() + "}:sockets" }

func (h *Hub) acquireLocal(user uuid.UUID) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users[user] >= h.o.SocketsPerUser {
		return false
	}
	h.users[user]++
	h.open++
	return true
}

func (h *Hub) releaseLocal(user uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.open--
	if h.users[user]--; h.users[user] == 0 {
		delete(h.users, user)
	}
}
