package realtime

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/tasks"
)

// Session describes one socket. The caller has checked that the user may see the
// task.
type Session struct {
	Task uuid.UUID
	User uuid.UUID
	// SignIn is the user's session that the socket was opened with.
	SignIn uuid.UUID
	// Since is the last seq the client has, 0 for all events, FromLatest for the newest
	// event first.
	Since int64
	// Render returns the message of an event, to be sent as JSON. It is called by one
	// goroutine, in the order of seq, and again with the last event when the client asks.
	// Listeners of a task with the same non-empty same for an event are sent one message,
	// encoded once; "" shares with none.
	Render func(tasks.TaskEvent) (message any, same string)
	// Good, when set, is called before each event and each heartbeat. It reports whether
	// the client may still listen, and should answer from memory most of the time.
	Good func(context.Context) bool
}

const sessionOver = "The session has ended."

// good reports whether the client may still listen.
func (k *socket) good(s Session) bool {
	return !k.over.Load() && (s.Good == nil || s.Good(k.ctx))
}

// Serve sends the client the task's events and closes the socket. It returns when the socket is closed: after the
// terminal event (1000), when the client leaves, reads too slowly (4408), may no longer listen or its sign-in ends
// (4401), sends messages over 4 kB (1009) or too many (1008), or the hub closes (1012). A user with too many sockets is
// refused with 4403. The end of ctx does not matter, since a hijacked request's context ends anyhow.
func (h *Hub) Serve(ctx context.Context, conn *websocket.Conn, s Session) {
	k, release, ok := h.accept(ctx, conn)
	defer release()
	if !ok {
		k.finish(restarting())
		return
	}
	if k.slot, ok = h.acquire(k.ctx, s.User); !ok {
		k.finish(k.refuse(AccessDeniedError, "Too many open sockets for one user."))
		return
	}
	defer k.slot.release(k.ctx)
	defer h.bind(k, s.SignIn)()
	k.finish(k.stream(s))
}

// stream writes events as they come, and heartbeats and answers between them. Its error
// is the reason to close.
func (k *socket) stream(s Session) error {
	cursor := k.hub.Follow(s.Task, s.Since)
	defer cursor.Close()
	k.topic = cursor.topic
	heartbeat := time.NewTimer(k.hub.untilHeartbeat())
	defer heartbeat.Stop()
	for {
		next := cursor.peek()
		if next.Next.Seq == 0 && next.Ended {
			return k.conclude(s, next.Latest)
		}
		if next.Next.Seq > 0 {
			if cursor.behind(next) > k.hub.o.MaxBehind {
				return tooSlow()
			}
			if err := k.event(s, next.Next); err != nil {
				return err
			}
			cursor.since = next.Next.Seq
			continue
		}
		if err := k.pause(s, next.Changed, heartbeat); err != nil {
			return err
		}
	}
}

// pause waits for new events and handles heartbeats, requests and disconnects meanwhile.
func (k *socket) pause(s Session, changed <-chan struct{}, heartbeat *time.Timer) error {
	select {
	case <-changed:
		return nil
	case <-k.rechecks:
		if !k.good(s) {
			return k.refuse(AuthError, sessionOver)
		}
		return nil
	case <-heartbeat.C:
		if !k.good(s) {
			return k.refuse(AuthError, sessionOver)
		}
		heartbeat.Reset(k.hub.untilHeartbeat())
		k.slot.renew(k.ctx)
		return k.signal(SignalHeartbeat)
	case request := <-k.requests:
		return k.answer(s, request)
	case err := <-k.faults:
		return err
	case <-k.hub.draining:
		return restarting()
	}
}

func (k *socket) answer(s Session, request string) error {
	switch {
	case request == RequestPing:
		return k.signal(SignalPong)
	case k.sent.Seq > 0:
		return k.event(s, k.sent)
	default:
		return nil // no event is known yet; the first follows by itself
	}
}

func (k *socket) event(s Session, e tasks.TaskEvent) error {
	if !k.good(s) {
		return k.refuse(AuthError, sessionOver)
	}
	k.sent = e
	message, same := s.Render(e)
	return k.write(k.topic.text(textKey{e.Seq, same}, message))
}

// conclude ends a socket after the terminal event. A client that joined after it is
// sent the terminal event once more.
func (k *socket) conclude(s Session, end tasks.TaskEvent) error {
	if k.sent.Seq == 0 {
		if err := k.event(s, end); err != nil {
			return err
		}
	}
	return websocket.CloseError{Code: websocket.StatusNormalClosure, Reason: "the task has ended"}
}

// untilHeartbeat returns the time to the next heartbeat. It varies by a tenth, so that sockets opened together spread out.
func (h *Hub) untilHeartbeat() time.Duration {
	return h.o.Heartbeat - time.Duration(rand.Int64N(int64(h.o.Heartbeat/10)+1)) //nolint:gosec // spreads load, keeps no secret
}
