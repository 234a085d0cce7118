package activities

import (
	"context"
	"errors"
	"time"
)

// lasting runs long work. While it lasts Temporal gets heartbeats; when the worker stops,
// the work's context ends and the work is returned for another worker to do.
func lasting(ctx context.Context, work func(context.Context) error) error {
	working, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := heartbeats(ctx, nil, func() { cancel(errStopping) })
	err := work(working)
	stop()
	if err != nil && errors.Is(context.Cause(working), errStopping) {
		return failure("The worker is stopping.", FailureStopping, err, false, time.Second)
	}
	return err
}

// insistFor is how long insist goes on.
const insistFor = time.Minute

// insist repeats a write until it succeeds, at most for insistFor, and at most for five
// seconds after ctx has ended.
func insist(ctx context.Context, write func(context.Context) error) error {
	const moment, first, longest = 5 * time.Second, 100 * time.Millisecond, 5 * time.Second
	trying, cancel := context.WithTimeout(context.WithoutCancel(ctx), insistFor)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(moment, cancel) })()
	for pause := first; ; pause = min(2*pause, longest) {
		err := write(trying)
		if err == nil {
			return nil
		}
		select {
		case <-trying.Done():
			return err
		case <-time.After(pause):
		}
	}
}
