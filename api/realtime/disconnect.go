package realtime

import (
	"context"

	"github.com/google/uuid"
)

// endedChannel carries the ids of sign-ins that have ended, one a message.
const endedChannel = "lyo:sessions:ended"

// EndSignIns closes the sockets that were opened with any of these sign-ins, here
// at once and in other processes as soon as Redis has told them. It returns
// without waiting for the sockets. A process that cannot be told finds out when it
// asks Session.Good, at the next event or heartbeat.
func (h *Hub) EndSignIns(ctx context.Context, signIns ...uuid.UUID) {
	for _, id := range signIns {
		h.disconnect(id)
		_ = h.share.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
			return h.o.Redis.Publish(ctx, endedChannel, id.String()).Err()
		})
	}
}

// disconnect has the sockets of a sign-in closed.
func (h *Hub) disconnect(signIn uuid.UUID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for k := range h.signIn[signIn] {
		k.recheck(true)
	}
}

// recheck has every socket ask whether its sign-in goes on.
func (h *Hub) recheck() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, sockets := range h.signIn {
		for k := range sockets {
			k.recheck(false)
		}
	}
}

// bind makes the socket one of its sign-in, until the function is called.
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

// recheck has the socket ask whether it may go on; over says that it may not. The
// hub's lock is held.
func (k *socket) recheck(over bool) {
	if over {
		k.over.Store(true)
	}
	select {
	case k.doubts <- struct{}{}:
	default:
	}
}
