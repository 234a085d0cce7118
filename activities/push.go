package activities

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// PushSender sends each message once to its provider and returns the results.
type PushSender interface {
	Send(ctx context.Context, messages []push.Message) []push.Result
	// Credentials returns those that a message is sent under; zero: no state is kept of them.
	Credentials(push.Message) push.Credentials
}

// PushActivities sends pushes to devices.
type PushActivities struct {
	DB     *gorm.DB
	Locks  *gorm.DB // takes the locks of shards, one connection for as long as one is sent
	Clock  func() time.Time
	Sender PushSender
	// DailyCap bounds a user's notifications with pushes per local day; 0: no bound.
	DailyCap int
}

// Shard is a notification or broadcast, with the range of devices of one activity.
type Shard = notify.PushRange

// PushPlace is a cursor in the order of devices.
type PushPlace = notify.Cursor

// PushCounts are the counts of a notification's or broadcast's receipts.
type PushCounts = notify.PushCounts

// devicesAtOnce is how many devices' answers are awaited before receipts are written, and
// so how many may get a push twice if the worker dies.
const devicesAtOnce = 100

// DeliverPushes pushes to the due devices of a shard, a hundred at a time: it selects those
// to be sent now, sends, and writes the receipts. It returns the shard's current counts.
// Key: (notification, device); a device with a final receipt is skipped, and one whose
// answer was lost gets the push again under the same id. No two runs of one shard overlap:
// the later one is Unavailable.
//
// A stopping worker writes the receipts it has and leaves the rest to another.
func (p *PushActivities) DeliverPushes(ctx context.Context, in Shard) (counts PushCounts, err error) {
	defer heartbeats(ctx, nil, nil)()
	name := fmt.Sprintf("push %v%v %v", in.Notification, in.Broadcast, in.After)
	err = store.WithAdvisoryLock(ctx, p.Locks, name, func() error {
		if in.Broadcast == uuid.Nil { // for a broadcast CutShards does this
			if err := notify.ClosePushes(ctx, p.DB, in, p.Clock()); err != nil {
				return err
			}
		}
		return p.deliver(ctx, in)
	})
	if err == nil {
		counts, err = notify.CountPushes(ctx, p.DB, in)
	}
	return counts, toApplicationError(err)
}

func (p *PushActivities) deliver(ctx context.Context, rest Shard) error {
	for ctx.Err() == nil {
		select {
		case <-workerStops(ctx):
			return store.Errorf(store.Unavailable, "The worker is stopping.")
		default:
		}
		targets, err := notify.PushTargets(ctx, p.DB, rest, p.Clock(), devicesAtOnce)
		if err != nil {
			return err
		}
		if err := p.pushTo(ctx, targets); err != nil {
			return err
		}
		if len(targets) < devicesAtOnce {
			return nil
		}
		rest.After = targets[len(targets)-1].Place()
	}
	return ctx.Err()
}

// pushTo decides on each target, sends what is allowed, and writes receipts of all, even of
// what was sent when ctx ended.
func (p *PushActivities) pushTo(ctx context.Context, targets []notify.PushTarget) error {
	if len(targets) == 0 {
		return nil
	}
	began := p.Clock()
	outcomes, open := p.sift(targets, began)
	open, over, err := p.admit(ctx, open, began)
	if err != nil {
		return err
	}
	sent, failed := p.send(ctx, open, began)
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	return errors.Join(failed, notify.RecordPushes(writing, p.DB, slices.Concat(outcomes, over, sent), p.Clock()))
}

// writeWithin bounds writing receipts after ctx has ended.
const writeWithin = 10 * time.Second

// FillInput is the broadcast, and the user after whom inboxes are filled.
type FillInput struct {
	BroadcastID uuid.UUID `json:"broadcast_id"`
	After       uuid.UUID `json:"after"`
}

// Filled is the last user whose inbox was filled, and whether it was the last of all.
type Filled struct {
	Last uuid.UUID `json:"last"`
	Done bool      `json:"done"`
}

// usersAtOnce is how many inboxes are filled in one transaction.
const usersAtOnce = 1000

// FillInboxes adds a broadcast to the inboxes of the next users. Key: (user, broadcast).
func (p *PushActivities) FillInboxes(ctx context.Context, in FillInput) (Filled, error) {
	last, done, err := notify.FillInboxes(ctx, p.DB, in.BroadcastID, in.After, usersAtOnce)
	return Filled{last, done}, toApplicationError(err)
}

// CountDevices returns the number of devices of a broadcast. It reads only.
func (p *PushActivities) CountDevices(ctx context.Context, broadcast uuid.UUID) (int, error) {
	n, err := notify.CountDevices(ctx, p.DB, broadcast)
	return n, toApplicationError(err)
}

// Shards of a broadcast: devices per shard, and shards cut at a time.
const (
	ShardSize = 500
	ShardsCut = 20
)

// CutShards cuts the next due devices into shards; fewer than ShardsCut are the last ones.
// It reads only, except that it closes pushes that can no longer be sent.
func (p *PushActivities) CutShards(ctx context.Context, in Shard) ([]Shard, error) {
	if err := notify.ClosePushes(ctx, p.DB, in, p.Clock()); err != nil {
		return nil, toApplicationError(err)
	}
	shards, err := notify.CutPushes(ctx, p.DB, in, p.Clock(), ShardSize, ShardsCut)
	return shards, toApplicationError(err)
}

// CountPushes returns a broadcast's current counts. It reads only.
func (p *PushActivities) CountPushes(ctx context.Context, broadcast uuid.UUID) (PushCounts, error) {
	counts, err := notify.CountPushes(ctx, p.DB, Shard{Broadcast: broadcast})
	return counts, toApplicationError(err)
}

// CorrectInput is the counts of a broadcast after its task has ended.
type CorrectInput struct {
	TaskID uuid.UUID  `json:"task_id"`
	Counts PushCounts `json:"counts"`
}

// CorrectResult updates the result of an ended task with later counts. Key: the task's id;
// the same counts twice are as once.
func (p *PushActivities) CorrectResult(ctx context.Context, in CorrectInput) error {
	return toApplicationError(notify.SetResult(ctx, p.DB, in.TaskID, in.Counts.Result(), p.Clock()))
}
