package notify

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// Broadcast is a notification from an administrator to many users.
type Broadcast struct {
	ID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	Title       string
	Body        string
	Data        map[string]string `gorm:"type:jsonb;serializer:json"`
	CollapseKey string            // a later push of the same key replaces an earlier one; "": none does
	Everyone    bool              // otherwise its inboxes are filled at creation
	CreatedAt   time.Time
}

// BeforeSave writes nil data as an empty object.
func (b *Broadcast) BeforeSave(*gorm.DB) error {
	if b.Data == nil {
		b.Data = map[string]string{}
	}
	return nil
}

// CreateBroadcast commits a broadcast, its task with the first event, the outbox message of its
// workflow and an entry of the audit log. It writes the inboxes of the given users, skipping
// unknown ids; one for everyone fills inboxes as its workflow runs. A task of the same id is
// returned instead, as by CreateGeneration.
func CreateBroadcast(ctx context.Context, db *gorm.DB, task tasks.Task, b Broadcast, users []uuid.UUID, message store.OutboxMessage, entry store.AuditEntry) (made tasks.Task, replayed bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, task.UserID); err != nil {
			return err
		}
		if err := tasks.LockQueue(tx, task.UserID); err != nil { // so that concurrent calls with one key make one
			return err
		}
		if there, err := tasks.Exists(tx, task.ID); err != nil || there {
			replayed = there
			return err
		}
		first := tasks.FirstEvent(task)
		for _, row := range []any{&b, &task, &first, &message, &entry} {
			if err := tx.Create(row).Error; err != nil {
				return err
			}
		}
		return fillInboxes(tx, b, users)
	})
	if err != nil || !replayed {
		return task, false, err
	}
	return tasks.Replay(ctx, db, task)
}

// FillInboxes writes a broadcast to the inboxes of up to limit active users after the given
// one, in the order of their ids, and returns the last of them. done is true when there are no
// more. Key: (user, broadcast); an existing notification stays.
func FillInboxes(ctx context.Context, db *gorm.DB, broadcast, after uuid.UUID, limit int) (last uuid.UUID, done bool, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		var b Broadcast
		if err := tx.First(&b, "id = ?", broadcast).Error; err != nil {
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return store.Missing("broadcast", broadcast)
			}
			return err
		}
		var users []uuid.UUID
		if err := tx.Raw("SELECT id FROM users WHERE is_active AND id > ? ORDER BY id LIMIT ?", after, limit).Scan(&users).Error; err != nil {
			return err
		}
		if done = len(users) < limit; len(users) > 0 {
			last = users[len(users)-1]
		}
		return fillInboxes(tx, b, users)
	})
	return last, done, err
}

func fillInboxes(tx *gorm.DB, b Broadcast, users []uuid.UUID) error {
	type copyOf struct {
		ID   uuid.UUID `json:"i"`
		User uuid.UUID `json:"u"`
	}
	if len(users) == 0 {
		return nil
	}
	copies := make([]copyOf, len(users))
	for i, user := range users {
		copies[i] = copyOf{NotificationID(user, NotifyBroadcast, b.ID.String()), user}
	}
	rows, err := json.Marshal(copies)
	if err != nil {
		return err
	}
	return tx.Exec(`
		INSERT INTO notifications (id, user_id, kind, title, body, data, created_at, broadcast_id)
		SELECT v.i, v.u, @kind, b.title, b.body, b.data, b.created_at, b.id
		FROM jsonb_to_recordset(CAST(@rows AS jsonb)) AS v(i uuid, u uuid)
		JOIN users ON users.id = v.u AND users.is_active
		JOIN broadcasts b ON b.id = @broadcast
		ON CONFLICT DO NOTHING`, map[string]any{"kind": NotifyBroadcast, "rows": string(rows), "broadcast": b.ID}).Error
}

// CountDevices returns the number of devices that a broadcast is expected to go to.
func CountDevices(ctx context.Context, db *gorm.DB, broadcast uuid.UUID) (int, error) {
	var n int64
	err := db.WithContext(ctx).Raw(`
		SELECT count(*) FROM notifications n JOIN devices d ON d.user_id = n.user_id AND d.is_active
		WHERE n.broadcast_id = ?`, broadcast).Scan(&n).Error
	return int(n), err
}

// SetResult sets the result of a task that has ended, such as the counts of pushes that were
// deferred by quiet hours. A deleted task is ignored.
func SetResult(ctx context.Context, db *gorm.DB, task uuid.UUID, result tasks.TaskResult, now time.Time) error {
	return db.WithContext(ctx).Model(&tasks.Task{}).Where("id = ?", task).Select("Result", "UpdatedAt").Updates(&tasks.Task{Result: result, UpdatedAt: now}).Error
}
