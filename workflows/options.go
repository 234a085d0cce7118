package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Activities without a queue here are done on that of their run, "lyo" or "lyo-background".

// Database work is quick and is tried until the database is back: the story
// cannot go on without it, and its own deadline bounds the wait.
func quick(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
	})
}

// Remote work asks servers of others: it is worth few tries and no long wait.
func remote(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 5 * time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second, MaximumAttempts: 15},
	})
}

// Inference takes minutes and may sit in the queue behind others. The heartbeat
// tells a dead worker from a slow model and carries the cancel that closes the
// model's stream. Urgency is 1, the most, to 5, or 0 for that of the workflow.
func inference(ctx workflow.Context, urgency int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueGemma,
		StartToCloseTimeout: 15 * time.Minute,
		HeartbeatTimeout:    8 * time.Second,
		WaitForCancellation: true,
		Priority:            temporal.Priority{PriorityKey: urgency},
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: inferenceTries},
	})
}

// inferenceTries with its pauses outlasts a restart of the model's server by
// far: the pauses alone add up to about four minutes.
const inferenceTries = 12

// lessonsAtOnce bounds what one course asks of the model in parallel, so that
// one learner's course does not fill every slot.
const lessonsAtOnce = 3

// Thorough work goes over all that is there of an account. It is tried until it is
// done, since nobody else would do it.
func thorough(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
}

// Packing takes as long as there is data. The heartbeat tells a dead worker from much
// to do.
func packing(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    30 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 30},
	})
}

// Reading a document takes seconds of computing, and fetching one may fail for a while.
// Documents wait for each other, those of one user for as long as the user has others. The
// heartbeat tells a dead worker from such a wait.
func reading(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueueReading,
		StartToCloseTimeout: 2 * time.Hour, // a hundred documents, all as slow as may be
		HeartbeatTimeout:    30 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 3, MaximumInterval: 20 * time.Second, MaximumAttempts: 4},
	})
}

// Pushing waits for push services, and its queue is limited. It is tried until it is done:
// what must not be tried again is in the receipts. The heartbeat tells a dead worker from
// a slow provider and carries the cancel. News for one goes before shards of broadcasts.
func pushing(ctx workflow.Context, urgency int) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           QueuePush,
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    5 * time.Second,
		WaitForCancellation: true,
		Priority:            temporal.Priority{PriorityKey: urgency},
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 500 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 10 * time.Second},
	})
}

const (
	urgentPush  = 2
	patientPush = 4
)

// Curating is database work over much at once, which another round would do too: it is worth
// a few tries.
func curating(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: 2 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 10},
	})
}

// Ordering is inference that nobody waits for: it comes after everybody's courses and is
// given up soon.
func ordering(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              QueueGemma,
		StartToCloseTimeout:    5 * time.Minute,
		ScheduleToCloseTimeout: time.Hour,
		HeartbeatTimeout:       8 * time.Second,
		WaitForCancellation:    true,
		Priority:               temporal.Priority{PriorityKey: 5},
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 4},
	})
}
