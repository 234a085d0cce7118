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

// PushSender hands messages to providers, each once, and says what came of it.
type PushSender interface {
	Send(ctx context.Context, messages []push.Message) []push.Result
	// Credentials are what a message goes out under; zero: nothing is kept of them.
	Credentials(push.Message) push.Credentials
}

// PushActivities tells devices of news.
type PushActivities struct {
	DB     *gorm.DB
	Clock  func() time.Time
	Sender PushSender
	// DailyCap is how much news a user is told of by push on a day of theirs; 0: no bound.
	DailyCap int
}

// Shard is news and the devices that one activity tells.
type Shard = notify.PushRange

// PushPlace is a place in the order of devices.
type PushPlace = notify.Cursor

// PushCounts is what came of news, by its receipts.
type PushCounts = notify.PushCounts

// devicesAtOnce is how many devices' answers are awaited together before they are
// written down, and so how many may be told twice should the worker die.
const devicesAtOnce = 100

// DeliverPushes tells the devices of a shard whose turn it is, a hundred at a time: each
// time it looks who may be told now, sends, and writes the receipts. It answers with the
// shard's counts by then. Key: (notification, device); a device whose receipt is final is
// passed over, and one whose answer was lost is told again under the same id. No two runs
// of one shard go on at a time: the later one is Unavailable.
//
// A stopping worker writes down what it has and leaves the rest to another.
func (p *PushActivities) DeliverPushes(ctx context.Context, in Shard) (counts PushCounts, err error) {
	defer heartbeats(ctx, nil, nil)()
	name := fmt.Sprintf("push %v%v %v", in.Notification, in.Broadcast, in.After)
	err = store.WithAdvisoryLock(ctx, p.DB, name, func() error {
		if in.Broadcast == uuid.Nil { // of a broadcast whoever cuts it does this
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
		if err := p.tell(ctx, targets); err != nil {
			return err
		}
		if len(targets) < devicesAtOnce {
			return nil
		}
		rest.After = targets[len(targets)-1].Place()
	}
	return ctx.Err()
}

// tell decides on each target, sends to those that may be told, and writes receipts of
// all. What was sent when ctx ended is written down all the same.
func (p *PushActivities) tell(ctx context.Context, targets []notify.PushTarget) error {
	if len(targets) == 0 {
		return nil
	}
	began := p.Clock()
	outcomes, open := p.sift(targets, began)
	open, over, err := p.admit(ctx, open, began)
	if err != nil {
		return err
	}
	told, failed := p.send(ctx, open, began)
	writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
	defer cancel()
	return errors.Join(failed, notify.RecordPushes(writing, p.DB, slices.Concat(outcomes, over, told), p.Clock()))
}

// writeWithin is how long receipts may take to write once ctx has ended.
const writeWithin = 10 * time.Second

// FillInput says which users are next to find a broadcast in their inbox.
type FillInput struct {
	BroadcastID uuid.UUID `json:"broadcast_id"`
	After       uuid.UUID `json:"after"`
}

// Filled says who was the last of them.
type Filled struct {
	Last uuid.UUID `json:"last"`
	Done bool      `json:"done"`
}

// usersAtOnce is how many inboxes are filled in one transaction.
const usersAtOnce = 1000

// FillInboxes puts a broadcast into the inboxes of the next users. Key: (user, broadcast).
func (p *PushActivities) FillInboxes(ctx context.Context, in FillInput) (Filled, error) {
	last, done, err := notify.FillInboxes(ctx, p.DB, in.BroadcastID, in.After, usersAtOnce)
	return Filled{last, done}, toApplicationError(err)
}

// CountDevices is how many devices a broadcast goes to. It reads only.
func (p *PushActivities) CountDevices(ctx context.Context, broadcast uuid.UUID) (int, error) {
	n, err := notify.CountDevices(ctx, p.DB, broadcast)
	return n, toApplicationError(err)
}

// Shards of a broadcast: how many devices each has, and how many are cut at a time.
const (
	ShardSize = 500
	ShardsCut = 20
)

// CutShards cuts the next devices that are to be told into shards; fewer than ShardsCut:
// there are no more. It reads only, but for giving up what nobody can be told any more.
func (p *PushActivities) CutShards(ctx context.Context, in Shard) ([]Shard, error) {
	if err := notify.ClosePushes(ctx, p.DB, in, p.Clock()); err != nil {
		return nil, toApplicationError(err)
	}
	shards, err := notify.CutPushes(ctx, p.DB, in, p.Clock(), ShardSize, ShardsCut)
	return shards, toApplicationError(err)
}

// CountPushes is what came of a broadcast by now. It reads only.
func (p *PushActivities) CountPushes(ctx context.Context, broadcast uuid.UUID) (PushCounts, error) {
	counts, err := notify.CountPushes(ctx, p.DB, Shard{Broadcast: broadcast})
	return counts, toApplicationError(err)
}

// CorrectInput is what came of a broadcast after its task had ended.
type CorrectInput struct {
	TaskID uuid.UUID  `json:"task_id"`
	Counts PushCounts `json:"counts"`
}

// CorrectResult has a task that has ended tell of what came later. Key: the task's id;
// the same counts twice are once.
func (p *PushActivities) CorrectResult(ctx context.Context, in CorrectInput) error {
	return toApplicationError(notify.SetResult(ctx, p.DB, in.TaskID, in.Counts.Result(), p.Clock()))
}
