package realtime

import (
	"io"

	"github.com/coder/websocket"
	"golang.org/x/time/rate"
)

// Limits of a client's messages: bytes of one, messages a second, and burst.
const (
	maxMessage   = 4 << 10
	maxPerSecond = 10
	maxAtOnce    = 60
)

// read receives the client's messages until the connection ends. After a fault it
// only drains, which the closing handshake needs.
func (k *socket) read() {
	defer close(k.gone)
	k.conn.SetReadLimit(-1) // limited here, so that the rest of an oversized message can be drained
	budget := rate.NewLimiter(maxPerSecond, maxAtOnce)
	for {
		if err := k.readMessage(budget); err != nil {
			k.faults <- err
			break
		}
	}
	if k.rest != nil {
		_, _ = io.Copy(io.Discard, k.rest)
	}
	for err := error(nil); err == nil; {
		err = k.drain()
	}
}

// readMessage reads one message and passes its request on.
func (k *socket) readMessage(budget *rate.Limiter) error {
	_, r, err := k.conn.Reader(k.ctx)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(r, maxMessage+1))
	if err != nil {
		return err
	}
	if len(data) > maxMessage {
		k.rest = r
		return websocket.CloseError{Code: websocket.StatusMessageTooBig, Reason: "messages have 4 kB at most"}
	}
	if !budget.AllowN(k.hub.o.Clock(), 1) {
		return websocket.CloseError{Code: websocket.StatusPolicyViolation, Reason: "too many messages"}
	}
	return k.pass(parseRequest(data))
}

// pass waits until the writer takes the request, so a client that requests faster than it
// reads is slowed down by its own connection.
func (k *socket) pass(request string) error {
	if request == "" {
		return nil
	}
	select {
	case k.requests <- request:
		return nil
	case <-k.ctx.Done():
		return k.ctx.Err()
	}
}

func (k *socket) drain() error {
	_, r, err := k.conn.Reader(k.ctx)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, r)
	return err
}
