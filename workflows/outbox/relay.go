package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/models/store"
)

// Relay dispatches the messages that their handlers did not. Any number of relays may
// run: each message is leased to one of them at a time.
type Relay struct {
	Dispatcher *Dispatcher
	// DatabaseURL is for a dedicated connection that listens for new messages.
	DatabaseURL string
	Clock       func() time.Time
	Log         *slog.Logger
	// Poll is the longest time between two sweeps; notifications only shorten it.
	Poll time.Duration
}

const (
	batch    = 50
	leaseFor = 30 * time.Second
	mostWait = time.Minute // between tries of one message
)

// Background messages are dispatched by a loop of their own, fewer at once, so that they
// never delay a course.
const (
	atOnce           = 8
	backgroundAtOnce = 2
)

// Run relays until ctx ends. Faults of Postgres or Temporal are logged and survived.
func (r *Relay) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	var wakes []chan struct{}
	for _, background := range []bool{false, true} {
		wake := make(chan struct{}, 1)
		wakes = append(wakes, wake)
		group.Go(func() error { return r.loop(ctx, background, wake) })
	}
	group.Go(func() error { return r.listen(ctx, wakes) })
	return group.Wait()
}

func (r *Relay) loop(ctx context.Context, background bool, wake <-chan struct{}) error {
	for ctx.Err() == nil {
		kept, err := r.Sweep(ctx, background)
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "the outbox could not be read", "error", err)
		}
		if kept == batch {
			continue
		}
		select {
		case <-ctx.Done():
		case <-wake:
		case <-time.After(r.pause(ctx, background)):
		}
	}
	return nil
}

// pause returns the time until the next message is due, at most Poll.
func (r *Relay) pause(ctx context.Context, background bool) time.Duration {
	due, ok, err := store.NextDue(ctx, r.Dispatcher.DB, background)
	if err != nil || !ok {
		return r.Poll
	}
	return max(min(due.Sub(r.Clock()), r.Poll), 50*time.Millisecond)
}

// Sweep leases the due messages, background or foreground, and dispatches them concurrently.
// It returns how many it leased.
func (r *Relay) Sweep(ctx context.Context, background bool) (int, error) {
	now := r.Clock()
	entries, err := store.LeaseOutbox(ctx, r.Dispatcher.DB, background, now, now.Add(leaseFor), batch)
	if err != nil {
		return 0, err
	}
	var group errgroup.Group
	group.SetLimit(atOnce)
	if background {
		group.SetLimit(backgroundAtOnce)
	}
	for _, entry := range entries {
		group.Go(func() error { return r.relay(ctx, entry) })
	}
	return len(entries), group.Wait()
}

func (r *Relay) relay(ctx context.Context, entry store.OutboxMessage) error {
	trying, cancel := context.WithTimeout(ctx, leaseFor/3)
	defer cancel()
	err := r.Dispatcher.dispatch(trying, entry)
	if err == nil || ctx.Err() != nil {
		return nil
	}
	wait := min(time.Second<<min(entry.Attempts, 6), mostWait)
	r.Log.WarnContext(ctx, "an outbox message is tried again later", "workflow_id", entry.WorkflowID, "action", entry.Action, "in", wait, "error", err)
	return store.Reschedule(ctx, r.Dispatcher.DB, entry.ID, r.Clock().Add(wait), err.Error())
}

// errPooled means that there are no notifications to be had.
var errPooled = errors.New("the connection is a pooler's")

// listen turns Postgres notifications into wake-ups, and reconnects when cut off. Behind a pooler there
// are none.
func (r *Relay) listen(ctx context.Context, wakes []chan struct{}) error {
	for ctx.Err() == nil {
		err := r.listenOnce(ctx, wakes)
		if errors.Is(err, errPooled) {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			r.Log.WarnContext(ctx, "notices of the outbox stopped, polling goes on", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.Poll):
		}
	}
	return nil
}

func (r *Relay) listenOnce(ctx context.Context, wakes []chan struct{}) error {
	conn, err := pgx.Connect(ctx, r.DatabaseURL)
	if err != nil {
		return errors.New("cannot connect") // the driver's text contains the address
	}
	defer conn.Close(context.WithoutCancel(ctx))
	var server uint32
	if err := conn.QueryRow(ctx, "SELECT pg_backend_pid()", pgx.QueryExecModeSimpleProtocol).Scan(&server); err != nil {
		return err
	}
	if server != conn.PgConn().PID() { // a pooler hands the session, and its notices, to others
		r.Log.InfoContext(ctx, "a pooler is between this process and Postgres: the outbox is read at intervals; DATABASE_DIRECT_URL makes it quicker", "every", r.Poll)
		return errPooled
	}
	if _, err := conn.Exec(ctx, "LISTEN "+store.WakeChannel); err != nil {
		return err
	}
	for {
		if _, err := conn.WaitForNotification(ctx); err != nil {
			return err
		}
		for _, wake := range wakes {
			select {
			case wake <- struct{}{}:
			default:
			}
		}
	}
}
