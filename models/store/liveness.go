package store

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// How soon a server that hangs is given up: when calls are waiting, nothing has come from it for quietFor, and
// it does not answer a question within probeFor either.
const (
	lookEvery = 250 * time.Millisecond
	quietFor  = time.Second
	probeFor  = 1250 * time.Millisecond
)

// liveness notices when Postgres hangs, which a single call cannot tell from one that takes long. Then it cuts
// all connections and refuses new ones at once, until the server answers again.
type liveness struct {
	config  *pgx.ConnConfig // of its own connections, which are not watched
	log     *slog.Logger
	waiting atomic.Int64 // calls that wait for the server
	heard   atomic.Int64 // when something last came from it or, later, when the first of these calls began

	mu     sync.Mutex
	conns  map[*watchedConn]struct{}
	alive  context.Context //nolint:containedctx // ends when the server hangs
	hangs  context.CancelFunc
	closed chan struct{}
	done   sync.WaitGroup
}

// watchedConn counts the calls that wait for the server.
type watchedConn struct {
	net.Conn
	by *liveness
}

// watch makes the connections of a configuration report to a new liveness.
func watch(config *pgx.ConnConfig, log *slog.Logger) *liveness {
	l := &liveness{config: config.Copy(), log: log, conns: map[*watchedConn]struct{}{}, closed: make(chan struct{})}
	l.alive, l.hangs = context.WithCancel(context.Background())
	dial := config.DialFunc
	config.DialFunc = func(ctx context.Context, network, address string) (net.Conn, error) {
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		c := &watchedConn{raw, l}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.conns[c] = struct{}{}
		return c, nil
	}
	l.done.Go(l.run)
	return l
}

func (l *liveness) close() {
	close(l.closed)
	l.done.Wait()
}

// Read waits for the server. The driver reads only while it expects an answer.
func (c *watchedConn) Read(into []byte) (int, error) {
	c.by.begin()
	n, err := c.Conn.Read(into)
	c.by.end(n > 0)
	return n, err
}

// Close closes the connection.
func (c *watchedConn) Close() error {
	c.by.mu.Lock()
	delete(c.by.conns, c)
	c.by.mu.Unlock()
	return c.Conn.Close()
}

func (l *liveness) begin() {
	if l.waiting.Add(1) == 1 {
		l.heard.Store(time.Now().UnixNano())
	}
}

func (l *liveness) end(answered bool) {
	if answered {
		l.heard.Store(time.Now().UnixNano())
	}
	l.waiting.Add(-1)
}

// enter begins to connect. The context ends when the server hangs; done takes the outcome.
func (l *liveness) enter(ctx context.Context) (_ context.Context, done func(error) error, _ error) {
	l.mu.Lock()
	alive := l.alive
	l.mu.Unlock()
	if alive.Err() != nil {
		return nil, nil, errHangs()
	}
	connecting, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(alive, cancel)
	l.begin()
	return connecting, func(err error) error {
		l.end(err == nil)
		stop()
		cancel()
		if err != nil && alive.Err() != nil && ctx.Err() == nil {
			return errHangs()
		}
		return err
	}, nil
}

func errHangs() error {
	return Errorf(Unavailable, "The database does not answer. Try again.")
}

// run looks at the server until close.
func (l *liveness) run() {
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-l.closed:
			return
		case <-ticker.C:
			l.look()
		}
	}
}

// look asks the server if it was silent while calls waited, or if it hung.
func (l *liveness) look() {
	if l.alive.Err() != nil { // only this goroutine replaces it
		if l.answers() {
			l.log.Info("Postgres answers again")
			l.mu.Lock()
			l.alive, l.hangs = context.WithCancel(context.Background())
			l.mu.Unlock()
		}
		return
	}
	heard := l.heard.Load()
	if l.waiting.Load() == 0 || time.Since(time.Unix(0, heard)) < quietFor {
		return
	}
	if l.answers() {
		l.heard.CompareAndSwap(heard, time.Now().UnixNano()) // the calls take long
		return
	}
	if l.heard.Load() == heard {
		l.cut()
	}
}

// cut ends all connections, and what waits for one.
func (l *liveness) cut() {
	l.log.Warn("Postgres does not answer: its connections are cut, and requests are refused until it does")
	l.mu.Lock()
	defer l.mu.Unlock()
	l.hangs()
	for c := range l.conns {
		_ = c.Conn.Close() // the call that waits on it fails, and forgets it
	}
}

// answers reports whether the server says anything within probeFor, if only that it is not there.
func (l *liveness) answers() bool {
	ctx, cancel := context.WithTimeout(context.Background(), probeFor)
	defer cancel()
	conn, err := pgconn.ConnectConfig(ctx, &l.config.Config)
	if err == nil {
		_, err = conn.Exec(ctx, "SELECT 1").ReadAll()
		_ = conn.Close(ctx)
	}
	return err == nil || ctx.Err() == nil
}
