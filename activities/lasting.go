package activities

import (
	"context"
	"errors"
	"time"
)

// lasting does work that may take long. While it lasts Temporal gets heartbeats; when the
// worker stops, the work's context ends and the work is handed back to be done elsewhere.
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

// insist repeats what has to be written down until it is, for a while at least, and for a
// moment also after ctx has ended.
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
