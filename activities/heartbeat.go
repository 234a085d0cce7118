package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeatEvery is how often a running activity reports to Temporal, which is also
// how soon it learns that it was cancelled.
const heartbeatEvery = time.Second

// heartbeat reports to Temporal that an activity is alive, with details where there are
// some. ctx is the activity's context or one derived from it; outside of an activity
// nothing happens.
//
// The SDK throttles heartbeats: it keeps one and the context that it came with, and sends
// both later. A context that has ended by then fails that request, which the SDK takes for
// a lost connection, and it cancels the activity. So no context that can end before the
// activity does may reach it, whatever the caller derived.
func heartbeat(ctx context.Context, details ...any) {
	if activity.IsActivity(ctx) {
		activity.RecordHeartbeat(context.WithoutCancel(ctx), details...)
	}
}

// heartbeats reports every second until stop is called, with what details returns; nil
// reports without any. stopping, unless nil, is called once when the worker begins to
// stop, and ends the reports. stop returns after the last report; calling it again does
// nothing. Outside of an activity nothing happens.
func heartbeats(ctx context.Context, details func() any, stopping func()) (stop func()) {
	if !activity.IsActivity(ctx) {
		return func() {}
	}
	// A cancelled activity is alive until it has wound down.
	reporting, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var stops <-chan struct{}
	if stopping != nil {
		stops = workerStops(ctx)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(heartbeatEvery)
		defer ticker.Stop()
		for {
			select {
			case <-reporting.Done():
				return
			case <-stops:
				stopping()
				return
			case <-ticker.C:
				if details == nil {
					heartbeat(ctx)
				} else {
					heartbeat(ctx, details())
				}
			}
		}
	}()
	return func() {
		cancel()
		<-done
	}
}

// workerStops returns a channel closed when the worker begins to stop; nil outside of one.
func workerStops(ctx context.Context) <-chan struct{} {
	if !activity.IsActivity(ctx) {
		return nil
	}
	return activity.GetWorkerStopChannel(ctx)
}
