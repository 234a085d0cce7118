package notify

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// Enqueuer makes the outbox messages that follow from an event, in its transaction. Models know
// no workflows, so the functions are handed in; package outbox has the real ones. A nil function
// enqueues nothing.
type Enqueuer struct {
	// Push returns the message that pushes a notification to its user's devices. It is called
	// only for users with an active device.
	Push func(Notification) store.OutboxMessage
	// Unlock returns the message that checks a user's achievements after an event. Key: the
	// event's id.
	Unlock func(user, event uuid.UUID) store.OutboxMessage
}

// EnqueuePush enqueues the push of a notification, if its user has an active device.
func (f Enqueuer) EnqueuePush(tx *gorm.DB, n Notification) error {
	if f.Push == nil {
		return nil
	}
	var reached bool
	err := tx.Raw("SELECT EXISTS (SELECT FROM devices WHERE user_id = ? AND is_active)", n.UserID).Scan(&reached).Error
	if err != nil || !reached {
		return err
	}
	return store.Enqueue(tx.Statement.Context, tx, f.Push(n))
}

// EnqueueUnlock enqueues a check of a user's achievements.
func (f Enqueuer) EnqueueUnlock(tx *gorm.DB, user, event uuid.UUID) error {
	if f.Unlock == nil {
		return nil
	}
	return store.Enqueue(tx.Statement.Context, tx, f.Unlock(user, event))
}
