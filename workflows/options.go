package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// Activities without a queue here run on that of their workflow, "lyo" or "lyo-background". Each has a summary,
// which people read in Temporal's UI.

// leanRuns marks runs whose work on the database is done by local activities, and whose lessons are written with
// their practice by one activity each. Runs that began before go on as they did.
const leanRuns = "LeanRuns"

// AsBefore has runs begin as those of the version before, which can then go on with them. It is for the options of a worker.
func AsBefore(in worker.PreferredVersionProviderInput) *worker.VersionPreference {
	if in.ChangeID != leanRuns {
		return nil
	}
	return &worker.VersionPreference{Version: workflow.DefaultVersion}
}

// isLean decides it, once at the start of a run.
func isLean(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, leanRuns, workflow.DefaultVersion, 1) == 1
}

// local is for database work by the worker that has the workflow task, which costs Temporal next to nothing. Queries,
// signals and updates wait until the task is completed: so it is tried three times within seconds, and later after
// timers, until the database is back, as by quick.
func local(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: longestLocal,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 5, MaximumInterval: afterTimer},
	})
}

const (
	// afterTimer is longer than the timeout of a workflow task, so that the wait is a timer.
	afterTimer = 12 * time.Second
	// longestLocal is longer than any run: without it a local activity ends with its first timeout.
	longestLocal = 365 * 24 * time.Hour
)

// quick is for database work. It is retried until the database is back: the workflow
// cannot go on without it, and its own deadline bounds the wait.
func quick(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
	})
}

// checking is for database work that may ask a model server for embeddings, for half a minute at most.
func checking(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: 200 * time.Millisecond, BackoffCoefficient: 2, MaximumInterval: 5 * time.Second},
	})
}

// remote is for calls to third-party servers: few tries and no long wait.
func remote(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    time.Minute,
		ScheduleToCloseTimeout: 5 * time.Minute,
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 15 * time.Second, MaximumAttempts: 15},
	})
}

// inference is for calls to the model, which take minutes and may be queued. The heartbeat
// distinguishes a dead worker from a slow model and carries the cancel that closes the
// model's stream. Urgency is 1, the highest, to 5, or 0 for that of the workflow.
func inference(ctx workflow.Context, urgency int, summary string) workflow.Context {
	return inferences(ctx, 1, urgency, summary)
}

// inferences is inference for an activity of several parts, each with the time and the tries of one.
func inferences(ctx workflow.Context, parts, urgency int, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		TaskQueue:           QueueGemma,
		StartToCloseTimeout: time.Duration(parts) * 15 * time.Minute,
		HeartbeatTimeout:    8 * time.Second,
		WaitForCancellation: true,
		Priority:            temporal.Priority{PriorityKey: urgency},
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: int32(parts) * inferenceTries,
		},
	})
}

// inferenceTries with its pauses by far outlasts a restart of the model's server:
// the pauses alone add up to about four minutes.
const inferenceTries = 12

// lessonsAtOnce bounds the parallel model calls of one course, so that one
// learner's course does not fill every slot.
const lessonsAtOnce = 3

// thorough is for work on all data of an account. It is retried until it is done, since
// nothing else would do it.
func thorough(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 2 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute},
	})
}

// packing is for work that takes as long as there is data. The heartbeat
// distinguishes a dead worker from a long job.
func packing(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 30 * time.Minute,
		HeartbeatTimeout:    30 * time.Second,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 30},
	})
}

// reading is for documents: seconds of computing, and fetching one may fail for a while.
// Documents wait for each other, those of one user while the user has others. The
// heartbeat distinguishes a dead worker from such a wait.
func reading(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		TaskQueue:           QueueReading,
		StartToCloseTimeout: 2 * time.Hour, // a hundred documents, all of them slow
		HeartbeatTimeout:    30 * time.Second,
		WaitForCancellation: true,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 3, MaximumInterval: 20 * time.Second, MaximumAttempts: 4},
	})
}

// pushing is for push services, on a rate-limited queue. It is retried until it is done:
// the receipts hold what must not be sent again. The heartbeat distinguishes a dead worker
// from a slow provider and carries the cancel. Single pushes go before shards of broadcasts.
func pushing(ctx workflow.Context, urgency int, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
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

// curating is for database work over many rows, which the next round would repeat: it is
// worth a few tries.
func curating(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             summary,
		StartToCloseTimeout: 2 * time.Minute,
		RetryPolicy:         &temporal.RetryPolicy{InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: 30 * time.Second, MaximumAttempts: 10},
	})
}

// ordering is for inference that no client waits for: it has the lowest priority and few
// tries.
func ordering(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                summary,
		TaskQueue:              QueueGemma,
		StartToCloseTimeout:    5 * time.Minute,
		ScheduleToCloseTimeout: time.Hour,
		HeartbeatTimeout:       8 * time.Second,
		WaitForCancellation:    true,
		Priority:               temporal.Priority{PriorityKey: 5},
		RetryPolicy:            &temporal.RetryPolicy{InitialInterval: 2 * time.Second, BackoffCoefficient: 2, MaximumInterval: time.Minute, MaximumAttempts: 4},
	})
}
