package realtime

import (
	"context"

	"github.com/google/uuid"
)

// endedChannel carries the ids of ended sign-ins, one a message.
const endedChannel = "lyo:sessions:ended"

// EndSignIns closes the sockets that were opened with any of these sign-ins: here at
// once, in other processes as soon as they get the Redis message. It does not wait
// for the sockets. A process that misses the message finds out by Session.Good, at
// the next event or heartbeat.
func (h *Hub) EndSignIns(ctx context.Context, signIns ...uuid.UUID) {
	for _, id := range signIns {
		h.disconnect(id)
		_ = h.share.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
			return h.o.Redis.Publish(ctx, endedChannel, id.String()).Err()
		})
	}
}

// OnSignInEnded makes the hub call f, which must not block, with each sign-in that another process has ended,
// as soon as it gets the Redis message.
func (h *Hub) OnSignInEnded(f func(signIn uuid.UUID)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = append(h.ended, f)
	if !h.closed {
		h.listen()
	}
}

// signInEnded handles the message of another process, or of this one.
func (h *Hub) signInEnded(signIn uuid.UUID) {
	h.mu.Lock()
	ended := h.ended
	h.mu.Unlock()
	for _, f := range ended {
		f(signIn)
	}
	h.disconnect(signIn)
}

// disconnect closes the sockets of a sign-in.
func (h *Hub) disconnect(signIn uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.signIn[signIn] {
		k.recheck(true)
	}
}

// recheck makes every socket check whether its sign-in is still valid.
func (h *Hub) recheck() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sockets := range h.signIn {
		for k := range sockets {
			k.recheck(false)
		}
	}
}

// bind registers the socket under its sign-in, until the returned function is called.
func (h *Hub) bind(k *socket, signIn uuid.UUID) (release func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.signIn[signIn] == nil {
		h.signIn[signIn] = map[*socket]bool{}
	}
	h.signIn[signIn][k] = true
	return func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		if delete(h.signIn[signIn], k); len(h.signIn[signIn]) == 0 {
			delete(h.signIn, signIn)
		}
	}
}

// recheck makes the socket check whether it may continue; over means that it may not.
// The hub's mutex is locked.
func (k *socket) recheck(over bool) {
	if over {
		k.over.Store(true)
	}
	select {
	case k.rechecks <- struct{}{}:
	default:
	}
}
