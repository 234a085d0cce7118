package notify

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// Enqueuer makes the outbox messages that follow from an event, in its transaction. Rows know no
// workflows, so package outbox provides the functions. Where one is nil, nothing is enqueued.
type Enqueuer struct {
	// Push sends a notification to the user's devices. It is called only for a user with an active device.
	Push func(Notification) store.OutboxMessage
	// Unlock checks the user's achievements after the event with an id.
	Unlock func(user, event uuid.UUID) store.OutboxMessage
}

// EnqueuePush enqueues the push of a notification, if the user has an active device.
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

// EnqueueUnlock enqueues the check of a user's achievements after an event.
func (f Enqueuer) EnqueueUnlock(tx *gorm.DB, user, event uuid.UUID) error {
	if f.Unlock == nil {
		return nil
	}
	return store.Enqueue(tx.Statement.Context, tx, f.Unlock(user, event))
}
