package notify

import (
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// Followups make the promises that a deed leaves behind in its transaction. Rows know
// no workflows, so they are handed in: package outbox has the ones that count. Where a
// function is nil, nothing follows.
type Enqueuer struct {
	// Push promises to tell a user's devices of news in their inbox. It is asked only for
	// those who have one that is switched on.
	Push func(Notification) store.OutboxMessage
	// Unlock promises to look at a user's achievements after a deed, of which there is
	// one by that id.
	Unlock func(user, deed uuid.UUID) store.OutboxMessage
}

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

func (f Enqueuer) EnqueueUnlock(tx *gorm.DB, user, deed uuid.UUID) error {
	if f.Unlock == nil {
		return nil
	}
	return store.Enqueue(tx.Statement.Context, tx, f.Unlock(user, deed))
}
