package realtime

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fake is a workflow and its rows, controlled by the test. Asked counts the queries
// by source name.
type fake struct {
	mu          sync.Mutex
	task        uuid.UUID
	reported    []tasks.TaskEvent // reported by the workflow
	rows        []tasks.TaskEvent
	queryErr    error
	rowsErr     error
	unreachable string // the name whose calls fail
	queried     map[string]int
	read        int    // number of reads of the rows
	database    string // its name
}

func newFake() *fake { return &fake{task: uuid.New(), queried: map[string]int{}} }

// source is the fake as one hub sees it.
type source struct {
	*fake
	name string
}

func (s source) Query(ctx context.Context, _ uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queried[s.name]++
	if s.queryErr != nil || s.unreachable == s.name {
		return nil, errFake
	}
	return after(s.reported, since), ctx.Err()
}

func (s source) Rows(ctx context.Context, _ uuid.UUID, since int64) ([]tasks.TaskEvent, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read++
	if s.rowsErr != nil || s.unreachable == s.name {
		return nil, errFake
	}
	return after(s.rows, since), ctx.Err()
}

func (s source) Database(context.Context) string { return s.database }

func after(events []tasks.TaskEvent, since int64) []tasks.TaskEvent {
	var rest []tasks.TaskEvent
	for _, e := range events {
		if e.Seq > since {
			rest = append(rest, e)
		}
	}
	return rest
}

func event(seq int64, state tasks.TaskState) tasks.TaskEvent {
	return tasks.TaskEvent{Seq: seq, State: state, Progress: int(seq), Step: "lessons", Message: "Writing", At: time.Unix(seq, 0).UTC()}
}

// change runs do under the fake's lock.
func (f *fake) change(do func(*fake)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do(f)
}

// report makes the workflow report n more events, the last one terminal if ends is set.
func (f *fake) report(n int, ends bool) {
	f.change(func(f *fake) {
		for i := range n {
			state := tasks.TaskRunning
			if ends && i == n-1 {
				state = tasks.TaskDone
			}
			f.reported = append(f.reported, event(int64(len(f.reported))+1, state))
		}
	})
}

// record copies the reported events into the rows.
func (f *fake) record() {
	f.change(func(f *fake) { f.rows = append([]tasks.TaskEvent(nil), f.reported...) })
}

var errFake = errors.New("nobody answers")

// wire is a network path to a Redis that can be cut or made silent.
type wire struct {
	address string // of the Redis
	dialer  net.Dialer
	mu      sync.Mutex
	cutOff  bool
	silent  bool
	open    map[net.Conn]struct{}
}

func (w *wire) dial(ctx context.Context, network, _ string) (net.Conn, error) {
	w.mu.Lock()
	cutOff := w.cutOff
	w.mu.Unlock()
	if cutOff {
		return nil, io.ErrUnexpectedEOF
	}
	conn, err := w.dialer.DialContext(ctx, network, w.address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open[conn] = struct{}{}
	return wired{conn, w}, nil
}

// wired swallows what is written while the wire is silent, so no reply comes.
type wired struct {
	net.Conn
	wire *wire
}

func (c wired) Write(p []byte) (int, error) {
	c.wire.mu.Lock()
	silent := c.wire.silent
	c.wire.mu.Unlock()
	if silent {
		return len(p), nil
	}
	return c.Conn.Write(p)
}

func (c wired) Close() error {
	c.wire.mu.Lock()
	delete(c.wire.open, c.Conn)
	c.wire.mu.Unlock()
	return c.Conn.Close()
}

func (w *wire) cut(off bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutOff = off
	for conn := range w.open {
		_ = conn.Close()
	}
}

func (w *wire) hush(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
}

// redisStore is a Redis for tests.
type redisStore struct {
	options redis.Options
}

func storeAt(t *testing.T, url string) redisStore {
	return redisStore{*storetest.RedisOptions(t, url)}
}

// withStores runs the test on the stand-in that lyo dev falls back to, and on a real
// Redis, each of its own: it may be emptied.
func withStores(t *testing.T, test func(*testing.T, redisStore)) {
	t.Run("embedded", func(t *testing.T) {
		t.Parallel()
		test(t, storeAt(t, storetest.EmbeddedRedis(t).URL()))
	})
	t.Run("redis", func(t *testing.T) {
		t.Parallel()
		test(t, storeAt(t, storetest.OwnRedis(t).URL()))
	})
}

// client returns a client with a wire of its own.
func (s redisStore) client(t *testing.T) (*redis.Client, *wire) {
	w := &wire{address: s.options.Addr, open: map[net.Conn]struct{}{}}
	o := s.options
	o.DialTimeout, o.Dialer = time.Second, w.dial
	c := redis.NewClient(&o)
	t.Cleanup(func() { _ = c.Close() })
	return c, w
}

// quick returns options with short times for tests.
func quick(s Source) Options {
	return Options{
		Source: s, Poll: 5 * time.Millisecond, Lease: 300 * time.Millisecond, CatchUp: 50 * time.Millisecond,
		QueryTimeout: 200 * time.Millisecond, RedisTimeout: 300 * time.Millisecond, RedisRetry: 50 * time.Millisecond,
		LookAtRows: 50 * time.Millisecond, Linger: 50 * time.Millisecond, CloseWait: 200 * time.Millisecond,
		QueriesPerSecond: 100000,
	}
}

func newHub(t *testing.T, o Options) *Hub {
	h := NewHub(o)
	t.Cleanup(func() { closeHub(t, h) })
	return h
}

func closeHub(t *testing.T, h *Hub) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	require.NoError(t, h.Close(ctx))
}

// soon returns a context with the deadline for what must happen.
func soon(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// readAll reads to the end and returns the seqs seen.
func readAll(t *testing.T, h *Hub, task uuid.UUID, since int64) []int64 {
	c := h.Follow(task, since)
	defer c.Close()
	var seqs []int64
	for {
		e, err := c.Next(soon(t))
		if errors.Is(err, ErrEnded) {
			return seqs
		}
		require.NoError(t, err, "after %v", seqs)
		require.Equal(t, task, e.TaskID)
		seqs = append(seqs, e.Seq)
	}
}

// upTo returns the seqs after since up to last.
func upTo(since, last int64) []int64 {
	var seqs []int64
	for seq := since + 1; seq <= last; seq++ {
		seqs = append(seqs, seq)
	}
	return seqs
}
