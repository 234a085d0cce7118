package activities

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.temporal.io/sdk/activity"

	"github.com/lyoapp/lyo/activities/llm"
)

// infer runs one conversation with a writer. While it lasts Temporal gets a
// heartbeat with the number of tokens so far; a cancelled activity closes the
// model's stream, and a stopping worker returns the work for another to do.
// What was lost with its worker several times is done alone, and then given up.
func infer(ctx context.Context, turn *turns, call func(context.Context, llm.Heartbeat) error) error {
	calling, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	lost, at := losses(ctx), partOf(ctx)
	if lost >= mostLosses {
		return failure(fmt.Sprintf("The program that writes ended %d times in the middle of this, so it was given up.", lost), FailureLost, nil, true, 0)
	}
	var tokens atomic.Int64
	var asking atomic.Bool
	now := func() any { return inference{tokens.Load(), asking.Load(), lost, at.number, at.before} }
	stop := heartbeats(ctx, now, func() { cancel(errStopping) })
	alone := lost >= manyLosses
	err := turn.take(calling, alone, func() error {
		asking.Store(true)
		defer asking.Store(false)
		heartbeat(ctx, now())
		if alone { // a report from while it waited keeps this one back for as long as heartbeatEvery: it must be known before
			select {
			case <-time.After(heartbeatEvery + heartbeatEvery/2):
			case <-calling.Done():
				return context.Cause(calling)
			}
		}
		return call(calling, func(n int) { tokens.Store(int64(n)) })
	})
	stop()
	heartbeat(ctx, now()) // it ended, well or not, and so did not take the worker with it
	if err != nil && errors.Is(context.Cause(calling), errStopping) {
		return failure("The worker is stopping.", FailureStopping, err, false, time.Second)
	}
	return toModelError(err, activity.GetInfo(ctx).Attempt-int32(at.before))
}

var errStopping = errors.New("the worker is stopping")
