package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/stretchr/testify/require"
)

// follower watches a task like an app: after every disconnect it reconnects and
// continues from the last event.
type follower struct {
	learner *learner
	base    string // the address of its sockets
	task    string
	last    int64
	events  []object
	cuts    int
	err     error
}

// followers are running followers; wait returns them when all have seen the end.
type followers struct {
	all  []*follower
	done sync.WaitGroup
}

// within returns a context that ends with the test, or before.
func (s *faultEnv) within(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(s.t.Context(), d)
	s.t.Cleanup(cancel)
	return ctx
}

// join starts one more follower.
func (s *faultEnv) join(ctx context.Context, f *followers, one *follower) {
	f.all = append(f.all, one)
	f.done.Go(func() { one.err = s.watch(ctx, one) })
}

func (s *faultEnv) watch(ctx context.Context, f *follower) error {
	for {
		err := f.listen(ctx)
		switch websocket.CloseStatus(err) {
		case websocket.StatusNormalClosure:
			return f.requireEnd()
		case 4401, 4404:
			return err
		}
		if faulty := (orderError{}); errors.As(err, &faulty) {
			return err
		}
		f.cuts++
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %d events, the last of them %d: %w", f.task, len(f.events), f.last, err)
		case <-time.After(s.drawTime(10*time.Millisecond, 300*time.Millisecond)):
		}
	}
}

// orderError reports events out of order.
type orderError struct{ text string }

func (e orderError) Error() string { return e.text }

// listen follows one socket to its end.
func (f *follower) listen(ctx context.Context) error {
	dialing, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	address := fmt.Sprintf("ws%s/v1/tasks/ws/%s?since=%d", strings.TrimPrefix(f.base, "http"), f.task, f.last)
	conn, _, err := websocket.Dial(dialing, address, &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + f.learner.token}},
	})
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	listening, stop := context.WithCancel(ctx)
	var pinging sync.WaitGroup
	defer pinging.Wait()
	defer stop()
	pinging.Go(func() { ping(listening, conn) })
	for {
		var message object
		if err := wsjson.Read(ctx, conn, &message); err != nil {
			return err
		}
		if message["type"] != nil {
			continue // a heartbeat, or the reason before a close
		}
		if err := f.take(message); err != nil {
			return err
		}
	}
}

// pingEvery keeps data flowing on every socket.
const pingEvery = 500 * time.Millisecond

// ping sends pings until ctx or the socket ends.
func ping(ctx context.Context, conn *websocket.Conn) {
	ticker := time.NewTicker(pingEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		if wsjson.Write(ctx, conn, object{"type": "ping"}) != nil {
			return
		}
	}
}

func (f *follower) take(event object) error {
	seq, _ := event["seq"].(float64)
	if int64(seq) == f.last && event["completed_at"] != nil {
		return nil // after the end the terminal event is sent once more
	}
	if int64(seq) != f.last+1 {
		return orderError{fmt.Sprintf("%s: event %v after %d", f.task, seq, f.last)}
	}
	f.last, f.events = int64(seq), append(f.events, event)
	return nil
}

func (f *follower) requireEnd() error {
	if len(f.events) == 0 || f.events[len(f.events)-1]["completed_at"] == nil {
		return orderError{fmt.Sprintf("%s: closed as if over after %d", f.task, f.last)}
	}
	return nil
}

// requireAllEvents waits for the followers and compares the events each received with
// those in the table.
func (s *faultEnv) requireAllEvents(f *followers) {
	s.t.Helper()
	f.done.Wait()
	cuts := 0
	for _, one := range f.all {
		require.NoError(s.t, one.err)
		cuts += one.cuts
		var rows []struct {
			Seq     int64
			State   string
			Message string
		}
		require.NoError(s.t, s.db.Raw("SELECT seq, state, message FROM task_events WHERE task_id = ? ORDER BY seq", one.task).Scan(&rows).Error)
		require.Len(s.t, one.events, len(rows), "all events of %s", one.task)
		for i, r := range rows {
			require.EqualValues(s.t, r.Seq, one.events[i]["seq"])
			require.Equal(s.t, []any{r.State, r.Message}, []any{one.events[i]["state"], one.events[i]["message"]})
		}
	}
	s.t.Logf("%d sockets received all events, over %d cuts", len(f.all), cuts)
}
