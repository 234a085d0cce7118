package workflows

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// PushBroadcast is a broadcast, and the state that a run hands on when it continues as new.
type PushBroadcast struct {
	TaskID      uuid.UUID `json:"task_id"`
	BroadcastID uuid.UUID `json:"broadcast_id"`
	Everyone    bool      `json:"everyone,omitempty"`
	// Seq and Progress are those of the task's row at the start.
	Seq      int64 `json:"seq"`
	Progress int   `json:"progress"`

	Started *time.Time            `json:"started,omitempty"`
	Stage   string                `json:"stage,omitempty"`
	User    uuid.UUID             `json:"user,omitzero"`   // inboxes are filled up to this user
	After   activities.PushPlace  `json:"after,omitzero"`  // pushes are delivered up to here
	Total   int                   `json:"total,omitempty"` // devices to push to
	Shards  int                   `json:"shards,omitempty"`
	Counts  activities.PushCounts `json:"counts,omitzero"`
}

// The stages of a broadcast, in order.
const (
	stageInboxes  = ""
	stagePushing  = "telling" // the value in the inputs of open runs
	stageWaiting  = "waiting" // for devices to retry
	stageFinished = "settled" // likewise; the task is finished, quiet hours are pending
)

// shardsAtOnce bounds the shards of one broadcast in flight, which leaves capacity on the
// queue for other pushes.
const shardsAtOnce = 4

// fullHistory is the length in events at which a run continues as new: Temporal warns at
// 10,000, and work in flight still adds some.
const fullHistory = 8_000

// broadcast is a run that pushes to many users.
type broadcast struct {
	*progressTracker
	in     *PushBroadcast
	failed error // of a shard
}

// pushBroadcast fills inboxes, pushes to devices, retries, finishes the task, and then waits for
// quiet hours to end. A cancel stops further pushes; those already sent and filled inboxes
// stay.
func pushBroadcast(ctx workflow.Context, in FanOutPushInput) error {
	working, cancel := workflow.WithCancel(ctx)
	defer cancel()
	b := &broadcast{in: in.Broadcast}
	var err error
	b.progressTracker, err = startProgress(working, TaskInput{TaskID: b.in.TaskID, Seq: b.in.Seq, Progress: b.in.Progress}, cancel)
	if err != nil {
		return err
	}
	if b.in.Started == nil {
		b.in.Started = &b.started
	}
	b.started = *b.in.Started
	if b.in.Stage != stageFinished {
		if full, err := b.work(working); err != nil {
			return b.giveUp(ctx, err)
		} else if full {
			return b.goOn(working)
		}
		if err := b.finish(ctx); err != nil {
			return err
		}
	}
	if full, err := b.outwait(working); err != nil || !full {
		return err
	}
	return b.goOn(working)
}

// work does everything until the task is finished; full reports a full history.
func (b *broadcast) work(ctx workflow.Context) (full bool, err error) {
	for b.in.Stage != stageFinished {
		switch b.in.Stage {
		case stageInboxes:
			full, err = b.fillInboxes(ctx)
		case stagePushing:
			full, err = b.pass(ctx, false)
		default:
			full, err = b.tryAgain(ctx)
		}
		if full || err != nil {
			return full, err
		}
	}
	return false, nil
}

func (b *broadcast) fillInboxes(ctx workflow.Context) (full bool, err error) {
	var p *activities.PushActivities
	b.reportProgress(ctx, 2, "inboxes", "Filling inboxes")
	for done := !b.in.Everyone; !done; {
		if isFull(ctx) {
			return true, nil
		}
		var filled activities.Filled
		in := activities.FillInput{BroadcastID: b.in.BroadcastID, After: b.in.User}
		if err := workflow.ExecuteActivity(thorough(ctx, "Next inboxes"), p.FillInboxes, in).Get(ctx, &filled); err != nil {
			return false, err
		}
		b.in.User, done = filled.Last, filled.Done
	}
	b.in.Stage = stagePushing
	return false, workflow.ExecuteActivity(thorough(ctx, "Count devices"), p.CountDevices, b.in.BroadcastID).Get(ctx, &b.in.Total)
}

// pass pushes to every device that is due, from where the last pass stopped. With again
// it takes only deferred devices.
func (b *broadcast) pass(ctx workflow.Context, again bool) (full bool, err error) {
	var p *activities.PushActivities
	places := workflow.NewSemaphore(ctx, shardsAtOnce)
	for more := true; more && !full && b.failed == nil && err == nil; {
		var shards []activities.Shard
		in := activities.Shard{Broadcast: b.in.BroadcastID, After: b.in.After, Again: again}
		if err = workflow.ExecuteActivity(thorough(ctx, "Next shards"), p.CutShards, in).Get(ctx, &shards); err != nil {
			break
		}
		for _, shard := range shards {
			if err = places.Acquire(ctx, 1); err != nil {
				break
			}
			b.start(ctx, shard, places)
			b.in.After = shard.Upto
		}
		more, full = len(shards) == activities.ShardsCut, isFull(ctx)
	}
	clean, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if waiting := places.Acquire(clean, shardsAtOnce); waiting != nil { // until the shards in flight have ended
		return false, waiting
	}
	if err == nil {
		err = b.failed
	}
	if !full && err == nil {
		b.in.After = activities.PushPlace{}
		if !again {
			b.in.Stage = stageWaiting
		}
	}
	return full, err
}

// start starts the child workflow of a shard and releases its slot when it ends.
func (b *broadcast) start(ctx workflow.Context, shard activities.Shard, places workflow.Semaphore) {
	b.in.Shards++
	child := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{
		WorkflowID: PushShardID(b.in.BroadcastID, b.in.Shards), TaskQueue: QueuePush, WaitForCancellation: true, WorkflowExecutionTimeout: shardFor,
		StaticSummary: fmt.Sprintf("Shard %d", b.in.Shards), StaticDetails: Describe("PushShard", Facts{}).Details,
	})
	shardRun := workflow.ExecuteChildWorkflow(child, PushShard, shard)
	workflow.Go(ctx, func(ctx workflow.Context) {
		defer places.Release(1)
		clean, cancel := workflow.NewDisconnectedContext(ctx)
		defer cancel()
		var counts activities.PushCounts
		if err := shardRun.Get(clean, &counts); err != nil {
			if b.failed == nil {
				b.failed = err
			}
			return
		}
		if !shard.Again {
			b.in.Counts = b.in.Counts.Add(counts)
			b.report(ctx)
		}
	})
}

// report records progress for each further percent.
func (b *broadcast) report(ctx workflow.Context) {
	c := b.in.Counts
	sum := c.Accepted + c.DryRun + c.Failed + c.Dead + c.Skipped + c.Deferred + c.Retry
	percent := 10 + 80*min(sum, b.in.Total)/max(b.in.Total, 1)
	if b.in.Stage != stageFinished && percent > b.progress {
		b.result = c.Result()
		b.reportProgress(ctx, percent, "sending", fmt.Sprintf("Went through %d of %d devices", min(sum, b.in.Total), b.in.Total))
	}
}

// count reads the totals from the receipts.
func (b *broadcast) count(ctx workflow.Context) error {
	var p *activities.PushActivities
	var counts activities.PushCounts
	err := workflow.ExecuteActivity(thorough(ctx, "Count pushes"), p.CountPushes, b.in.BroadcastID).Get(ctx, &counts)
	if err == nil {
		b.in.Counts, b.result = counts, counts.Result()
	}
	return err
}

// tryAgain waits until retries are due and sends them. With none left it ends the
// stage.
func (b *broadcast) tryAgain(ctx workflow.Context) (full bool, err error) {
	if b.in.After == (activities.PushPlace{}) { // else a pass is being continued
		if err := b.count(ctx); err != nil {
			return false, err
		}
		if b.in.Counts.Retry == 0 {
			b.in.Stage = stageFinished
			return false, nil
		}
		b.reportProgress(ctx, 90, "retrying", fmt.Sprintf("%d devices are to be tried again", b.in.Counts.Retry))
		if err := sleepUntil(ctx, *b.in.Counts.Next, "Until retries are due"); err != nil {
			return false, err
		}
	}
	return b.pass(ctx, true)
}

// finish finishes the task. Pushes deferred by quiet hours follow later.
func (b *broadcast) finish(ctx workflow.Context) error {
	c := b.in.Counts
	message := fmt.Sprintf("%d devices accepted it, %d failed, %d are gone, %d get it later", c.Accepted, c.Failed, c.Dead, c.Deferred)
	if c.DryRun > 0 {
		message += fmt.Sprintf("; %d were left out, since there are no credentials", c.DryRun)
	}
	return b.finishTask(ctx, activities.Event{State: activities.Done, Progress: 100, Step: "done", Message: message})
}

// outwait waits for quiet hours to end and sends the deferred pushes, until none is
// left; full reports a full history.
func (b *broadcast) outwait(ctx workflow.Context) (full bool, err error) {
	var p *activities.PushActivities
	for b.in.Counts.Next != nil {
		if isFull(ctx) {
			return true, nil
		}
		if b.in.After == (activities.PushPlace{}) {
			if err := sleepUntil(ctx, *b.in.Counts.Next, "Until quiet hours end"); err != nil {
				return false, err
			}
		}
		if full, err := b.pass(ctx, true); full || err != nil {
			return full, err
		}
		if err := b.count(ctx); err != nil {
			return false, err
		}
		in := activities.CorrectInput{TaskID: b.in.TaskID, Counts: b.in.Counts}
		if err := workflow.ExecuteActivity(quick(ctx, "Correct the result"), p.CorrectResult, in).Get(ctx, nil); err != nil {
			return false, err
		}
	}
	return false, nil
}

// isFull reports whether the run should continue as new.
func isFull(ctx workflow.Context) bool {
	info := workflow.GetInfo(ctx)
	return info.GetCurrentHistoryLength() >= fullHistory || info.GetContinueAsNewSuggested()
}

// goOn continues as new once the progress so far is in the task's row.
func (b *broadcast) goOn(ctx workflow.Context) error {
	if err := workflow.Await(ctx, func() bool { return b.recorded == len(b.events) }); err != nil {
		return err
	}
	b.in.Seq, b.in.Progress = b.next()-1, b.progress
	return workflow.NewContinueAsNewError(ctx, FanOutPush, FanOutPushInput{Broadcast: b.in})
}

// giveUp ends the task with the counts so far.
func (b *broadcast) giveUp(ctx workflow.Context, cause error) error {
	if b.refused != nil {
		return cause
	}
	clean, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	if err := b.count(clean); err != nil {
		return err
	}
	fault := activities.Fault{Code: "failed", Message: "The broadcast could not be sent to its end."}
	last := activities.Event{State: activities.Failed, Progress: b.progress, Step: "failed", Message: fault.Message, Fault: &fault}
	if temporal.IsCanceledError(cause) || ctx.Err() != nil {
		fault = activities.Fault{Code: activities.FaultCancelled, Message: "The task was cancelled.", CancelledByUser: true}
		last.Step, last.Message = "cancelled", "Cancelled"
	}
	if err := b.finishTask(ctx, last); err != nil {
		return err
	}
	if fault.CancelledByUser {
		return temporal.NewCanceledError()
	}
	return cause
}
