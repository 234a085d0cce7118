package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// AccountActivities sees an account off.
type AccountActivities struct {
	DB    *gorm.DB
	Redis redis.UniversalClient // nil: there is none
	// Boards are where the user's place is given up; nil: there are none.
	Boards *boards.Boards
	// Cancel makes the outbox message that cancels a task that is under way.
	Cancel func(tasks.Task, time.Time) store.OutboxMessage
	// EndPush makes the outbox message that ends what still tells the user's devices of news; nil:
	// it ends by itself.
	EndPush func(notification uuid.UUID, now time.Time) store.OutboxMessage
	Clock   func() time.Time
}

// DeleteAccountInput names an account and its deletion.
type DeleteAccountInput struct {
	UserID     uuid.UUID `json:"user_id"`
	DeletionID uuid.UUID `json:"deletion_id"`
}

// StopWork ends the account's sessions and enqueues the cancels of its tasks. It
// tells how many tasks are still to end. Key: the deletion's id; ending what has
// ended changes nothing. An account that was restored, or is gone, is a
// conflict, which ends the deletion.
func (d *AccountActivities) StopWork(ctx context.Context, in DeleteAccountInput) (open int, err error) {
	now := d.Clock()
	cancel := func(task tasks.Task) store.OutboxMessage { return d.Cancel(task, now) }
	_, open, err = privacy.StopWork(ctx, d.DB, in.UserID, in.DeletionID, cancel, now)
	if err == nil {
		err = d.endPushes(ctx, in.UserID, now)
	}
	return open, toApplicationError(err)
}

// endPushes enqueues the ends of what waits for a better time to tell the user's devices
// of news. What is sending at this moment stops by itself, since the account is off.
func (d *AccountActivities) endPushes(ctx context.Context, user uuid.UUID, now time.Time) error {
	if d.EndPush == nil {
		return nil
	}
	news, err := notify.OpenPushes(ctx, d.DB, user)
	for _, id := range news {
		if err == nil {
			err = store.Enqueue(ctx, d.DB, d.EndPush(id, now))
		}
	}
	return err
}

// EraseAccount removes every row that names the user, but for one line of the audit
// log, in one transaction. Key: the deletion's id; an account that is gone stays so,
// and one that was restored is a conflict.
func (d *AccountActivities) EraseAccount(ctx context.Context, in DeleteAccountInput) error {
	entry := store.AuditEntry{ID: store.NewID(), At: d.Clock(), Action: store.AuditDeleted, Via: store.AuditWorkflow}
	return toApplicationError(privacy.EraseUser(ctx, d.DB, in.UserID, in.DeletionID, d.Clock(), entry))
}

// keysAtOnce is how many keys Redis looks at between two other clients' commands.
const keysAtOnce = 1000

// ForgetKeys removes every key of Redis that names the user: rate limits, slots of
// sockets, places on boards. Key: the user's id; what is gone stays gone.
func (d *AccountActivities) ForgetKeys(ctx context.Context, user uuid.UUID) error {
	if d.Redis == nil {
		return nil
	}
	if d.Boards != nil {
		if err := d.Boards.Forget(ctx, user); err != nil {
			return toApplicationError(err)
		}
	}
	keys := d.Redis.Scan(ctx, 0, "lyo:*"+user.String()+"*", keysAtOnce).Iterator()
	for keys.Next(ctx) {
		if err := d.Redis.Unlink(ctx, keys.Val()).Err(); err != nil {
			return toApplicationError(err)
		}
	}
	return toApplicationError(keys.Err())
}

// ProveErased looks into every column that could name the user, and fails when one
// does but for the audit line of the deletion. It changes nothing.
func (d *AccountActivities) ProveErased(ctx context.Context, user uuid.UUID) error {
	return toApplicationError(privacy.ProveErased(ctx, d.DB, user))
}
