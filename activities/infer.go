package activities

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/lyoapp/lyo/activities/llm"
)

// infer runs one conversation with a writer. While it lasts Temporal gets a
// heartbeat with the number of tokens so far; a cancelled activity closes the
// model's stream, and a stopping worker returns the work for another to do.
func infer(ctx context.Context, call func(context.Context, llm.Heartbeat) error) error {
	calling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var tokens atomic.Int64
	stop := heartbeats(ctx, func() any { return tokens.Load() }, func() { cancel(errStopping) })
	err := call(calling, func(n int) { tokens.Store(int64(n)) })
	stop()
	if err != nil && errors.Is(context.Cause(calling), errStopping) {
		return failure("The worker is stopping.", FailureStopping, err, false, time.Second)
	}
	return toModelError(err, activity.GetInfo(ctx).Attempt)
}

var errStopping = errors.New("the worker is stopping")
