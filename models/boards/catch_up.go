package boards

import (
	"context"
	"errors"
	"time"

	"github.com/lyoapp/lyo/models/learning"
)

// catchUpFor bounds how long a reader is kept by changes that are still to be written to Redis. After it, the reader gets the
// boards as they were after the last batch.
const catchUpFor = 300 * time.Millisecond

// batch is one round of writing what waits to Redis, for all readers of this process that came before it began.
type batch struct {
	done chan struct{}
	now  learning.BoardNow
	err  error
}

// catchUp writes what waits to Redis and returns the state after that. Readers of a process share batches: each
// waits for one that began after it came, so that it finds whatever was committed before.
func (b *Boards) catchUp(ctx context.Context) (learning.BoardNow, error) {
	b.mu.Lock()
	mine := b.next
	if mine == nil {
		mine = &batch{done: make(chan struct{})}
		b.next = mine
		go b.lead(context.WithoutCancel(ctx), mine) // others wait for it too, whatever becomes of this reader
	}
	b.mu.Unlock()
	timeout := time.NewTimer(2 * catchUpFor) // of this batch and the one before it
	defer timeout.Stop()
	select {
	case <-mine.done:
		return mine.now, mine.err
	case <-timeout.C:
		return learning.BoardNow{}, errBusy
	case <-ctx.Done():
		return learning.BoardNow{}, ctx.Err()
	}
}

// leadFor bounds a batch in a system that hangs. One that is cut off between Redis and Postgres costs a rebuild.
const leadFor = 30 * time.Second

func (b *Boards) lead(ctx context.Context, mine *batch) {
	b.leading.Lock()
	defer b.leading.Unlock()
	b.mu.Lock()
	b.next = nil
	b.mu.Unlock()
	defer close(mine.done)
	ctx, cancel := context.WithTimeout(ctx, leadFor)
	defer cancel()
	until := time.Now().Add(catchUpFor)
	for {
		mine.now, mine.err = b.bring(ctx, bringAtOnce, max(time.Until(until), time.Millisecond))
		if mine.err != nil || !mine.now.Waiting || !time.Now().Before(until) {
			return
		}
	}
}

// keepEvery is how often the boards are brought up to date.
const keepEvery = 200 * time.Millisecond

// Keep brings the boards in Redis up to date until ctx ends. Any number of processes may: one of them writes at a time.
func (b *Boards) Keep(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := b.keepOnce(ctx); err != nil && ctx.Err() == nil {
			b.Log.WarnContext(ctx, "the boards could not be brought up to date", "error", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(keepEvery):
		}
	}
	return nil
}

func (b *Boards) keepOnce(ctx context.Context) error {
	now, err := learning.BoardsNow(ctx, b.DB)
	if err != nil || !now.Waiting {
		return err
	}
	if err = b.Refresh(ctx); errors.Is(err, errBusy) { // another process is at it
		return nil
	}
	return err
}
