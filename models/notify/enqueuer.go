package notify

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/store"
)

// Enqueuer makes the outbox messages that follow from an event, in its transaction. Rows know no
// workflows, so package outbox provides the functions. Where one is nil, nothing is enqueued.
type Enqueuer struct {
	// Push sends a notification to the user's devices. It is called only for a user with an active device.
	Push func(Notification) store.OutboxMessage
	// Unlock unlocks what the user has reached by the event with an id.
	Unlock func(user, event uuid.UUID) store.OutboxMessage
	// Reached reports whether a user has reached something by the facts that the transaction has raised. It takes the
	// lock of their totals.
	Reached func(tx *gorm.DB, user uuid.UUID, raised ...gamification.Fact) (bool, error)
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

// EnqueueUnlockBy enqueues the unlocking of what a user has reached by an event that raised facts, if they have.
func (f Enqueuer) EnqueueUnlockBy(tx *gorm.DB, user, event uuid.UUID, raised ...gamification.Fact) error {
	if f.Reached == nil {
		return nil
	}
	reached, err := f.Reached(tx, user, raised...)
	if err != nil || !reached {
		return err
	}
	return f.EnqueueUnlock(tx, user, event)
}

// EnqueueUnlock enqueues the unlocking of what a user has reached by an event.
func (f Enqueuer) EnqueueUnlock(tx *gorm.DB, user, event uuid.UUID) error {
	if f.Unlock == nil {
		return nil
	}
	return store.Enqueue(tx.Statement.Context, tx, f.Unlock(user, event))
}
