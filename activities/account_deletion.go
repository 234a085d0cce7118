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

// AccountActivities closes and erases accounts.
type AccountActivities struct {
	DB    *gorm.DB
	Redis redis.UniversalClient // nil: no Redis
	// Boards are those from which the user's entry is removed; nil: no boards.
	Boards *boards.Boards
	// Cancel returns the outbox message that cancels a running task.
	Cancel func(tasks.Task, time.Time) store.OutboxMessage
	// EndPush returns the outbox message that cancels a pending push workflow of the user; nil: it
	// ends by itself.
	EndPush func(notification uuid.UUID, now time.Time) store.OutboxMessage
	Clock   func() time.Time
}

// DeleteAccountInput identifies an account and its deletion.
type DeleteAccountInput struct {
	UserID     uuid.UUID `json:"user_id"`
	DeletionID uuid.UUID `json:"deletion_id"`
}

// StopWork ends the account's sessions and enqueues the cancels of its tasks. It
// returns the number of tasks still open. Key: the deletion's id; what has ended
// stays as it is. A restored account or one that is gone is a conflict, which
// ends the deletion.
func (d *AccountActivities) StopWork(ctx context.Context, in DeleteAccountInput) (open int, err error) {
	now := d.Clock()
	cancel := func(task tasks.Task) store.OutboxMessage { return d.Cancel(task, now) }
	_, open, err = privacy.StopWork(ctx, d.DB, in.UserID, in.DeletionID, cancel, now)
	if err == nil {
		err = d.endPushes(ctx, in.UserID, now)
	}
	return open, toApplicationError(err)
}

// endPushes enqueues the cancels of push workflows that wait for a later time. One that is
// sending right now stops by itself, since the account is inactive.
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

// EraseAccount deletes every row that names the user, except one entry of the audit log,
// in one transaction. Key: the deletion's id; an account that is gone stays so, and a
// restored one is a conflict.
func (d *AccountActivities) EraseAccount(ctx context.Context, in DeleteAccountInput) error {
	entry := store.AuditEntry{ID: store.NewID(), At: d.Clock(), Action: store.AuditDeleted, Via: store.AuditWorkflow}
	return toApplicationError(privacy.EraseUser(ctx, d.DB, in.UserID, in.DeletionID, d.Clock(), entry))
}

// keysAtOnce is how many keys Redis scans between two other clients' commands.
const keysAtOnce = 1000

// ForgetKeys deletes every Redis key that names the user: rate limits, slots of
// sockets, entries on boards. Key: the user's id; deleted keys stay deleted.
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

// ProveErased searches every column that could name the user, and fails when one does,
// except the audit entry of the deletion. It changes nothing.
func (d *AccountActivities) ProveErased(ctx context.Context, user uuid.UUID) error {
	return toApplicationError(privacy.ProveErased(ctx, d.DB, user))
}
