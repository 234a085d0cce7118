package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/lyoapp/lyo/activities/gemma"
)

// beatEvery is how often a running inference reports to Temporal, which is also
// how soon it learns that it was cancelled.
const beatEvery = time.Second

// infer runs one conversation with a writer. While it lasts Temporal gets a
// heartbeat with the number of tokens so far; a cancelled activity closes the
// model's stream, and a stopping worker hands the work back to be done elsewhere.
func infer(ctx context.Context, call func(context.Context, gemma.Beat) error) error {
	calling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tokens atomic.Int64
	beating := make(chan struct{})
	go func() {
		defer close(beating)
		beat(calling, cancel, &tokens)
	}()
	err := call(calling, func(n int) { tokens.Store(int64(n)) })
	stopping := errors.Is(context.Cause(calling), errStopping)
	cancel(nil)
	<-beating
	if err != nil && stopping {
		return failure("The worker is stopping.", FailureStopping, err, false, time.Second)
	}
	return translateModel(err, activity.GetInfo(ctx).Attempt)
}

var errStopping = errors.New("the worker is stopping")

func beat(ctx context.Context, cancel context.CancelCauseFunc, tokens *atomic.Int64) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-activity.GetWorkerStopChannel(ctx):
			cancel(errStopping)
			return
		case <-ticker.C:
			activity.RecordHeartbeat(ctx, tokens.Load())
		}
	}
}
