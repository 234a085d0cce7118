package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"github.com/lyoapp/lyo/models/tasks"
)

// socket is one connection. The goroutine that serves it writes; another reads.
type socket struct {
	hub      *Hub
	conn     *websocket.Conn
	ctx      context.Context // its end cuts the connection
	cut      context.CancelFunc
	requests chan string   // the client's requests
	faults   chan error    // why reading ended; buffers one
	gone     chan struct{} // closed when the reader has ended
	rest     io.Reader     // the unread part of an oversized message
	sent     tasks.TaskEvent
	slot     *slot
	topic    *topic        // of the task it reports
	over     atomic.Bool   // its sign-in has ended
	rechecks chan struct{} // buffers one: check the sign-in
}

// accept starts reading. ok is false when the hub is closing. Either way the caller
// must finish the socket and then release it.
func (h *Hub) accept(ctx context.Context, conn *websocket.Conn) (k *socket, release func(), ok bool) {
	ctx, cut := context.WithCancel(context.WithoutCancel(ctx))
	k = &socket{
		hub: h, conn: conn, ctx: ctx, cut: cut,
		requests: make(chan string), faults: make(chan error, 1), gone: make(chan struct{}),
		rechecks: make(chan struct{}, 1),
	}
	go k.read()
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return k, func() {}, false
	}
	h.serving.Add(1)
	stop := context.AfterFunc(h.running, cut)
	return k, func() { stop(); h.serving.Done() }, true
}

// send writes one message as JSON.
func (k *socket) send(message any) error {
	return k.write(json.Marshal(message))
}

// write writes an encoded message, or fails with the error of its encoding. A write that takes
// longer than WriteTimeout ends in a close with 4408; after twice as long even that is not sent.
func (k *socket) write(text []byte, err error) error {
	if err != nil {
		k.hub.o.Log.ErrorContext(k.ctx, "a socket's message has no JSON", "error", err)
		return websocket.CloseError{Code: websocket.StatusInternalError, Reason: string(ServerError)}
	}
	limit := k.hub.o.WriteTimeout
	bounded, cancel := context.WithTimeout(k.ctx, 2*limit)
	defer cancel()
	began := k.hub.o.Clock()
	if err := k.conn.Write(bounded, websocket.MessageText, text); err != nil {
		return fmt.Errorf("write to a socket: %w", err)
	}
	if k.hub.o.Clock().Sub(began) > limit {
		return tooSlow()
	}
	return nil
}

func tooSlow() error {
	return websocket.CloseError{Code: CloseSlow, Reason: "too slow: reconnect with since"}
}

// signal sends a message that is not an event.
func (k *socket) signal(kind string) error {
	return k.send(SocketSignal{kind, k.hub.o.Clock().UTC()})
}

// refuse sends the reason and returns the close error that follows it.
func (k *socket) refuse(kind Refusal, text string) error {
	if err := k.send(SocketError{text, kind}); err != nil {
		return err
	}
	return websocket.CloseError{Code: kind.code(), Reason: string(kind)}
}

// finish closes the connection: with the code of err when it is a CloseError,
// otherwise without a handshake. It waits CloseWait for the client.
func (k *socket) finish(err error) {
	if closing, ok := errors.AsType[websocket.CloseError](err); ok {
		cutter := time.AfterFunc(k.hub.o.CloseWait, k.cut)
		defer cutter.Stop()
		_ = k.conn.Close(closing.Code, closing.Reason)
	}
	k.cut()
	_ = k.conn.CloseNow()
	<-k.gone
}
