package notify

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/tasks"
)

// PushStatus is the result of pushing a notification to a device.
type PushStatus string

// A receipt ends as any of these but PushRetry and PushDeferred, and then stays as it is.
const (
	PushAccepted PushStatus = "accepted" // by the provider
	PushDryRun   PushStatus = "dry_run"  // there are no credentials: nothing was sent
	PushFailed   PushStatus = "failed"   // refused for good, or too often
	PushDead     PushStatus = "dead"     // the token is no longer valid
	PushSkipped  PushStatus = "skipped"  // the user does not want it, has read it, or has reached the daily cap
	PushRetry    PushStatus = "retry"    // tried again at NotBefore
	PushDeferred PushStatus = "deferred" // it is the user's quiet hours until NotBefore
)

// PushReceipt records the result of pushing a notification to a device.
type PushReceipt struct {
	NotificationID uuid.UUID `gorm:"type:uuid;primaryKey"`
	DeviceID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	Status         PushStatus
	Reason         string
	Attempts       int // sends that were tried
	At             time.Time
	NotBefore      *time.Time
}

// PushOutcome is the result of pushing to a device, to be recorded.
type PushOutcome struct {
	NotificationID uuid.UUID  `json:"n"`
	DeviceID       uuid.UUID  `json:"d"`
	Status         PushStatus `json:"s"`
	Reason         string     `json:"r"`
	Attempts       int        `json:"a"`
	NotBefore      *time.Time `json:"b"`
	// DeadSince is the time since which a dead token is known as dead: a device that
	// registered later stays switched on.
	DeadSince time.Time `json:"t"`
}

// RecordPushes writes receipts, all in one statement, and switches off devices whose token
// is dead, together. A final receipt stays as it is. A notification that was deleted with
// its user gets none. Key: (notification, device).
func RecordPushes(ctx context.Context, db *gorm.DB, outcomes []PushOutcome, now time.Time) error {
	if len(outcomes) == 0 {
		return nil
	}
	rows, err := json.Marshal(outcomes)
	if err != nil {
		return err
	}
	args := map[string]any{"rows": string(rows), "now": now}
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		err := tx.Exec(`
			INSERT INTO push_receipts AS r (notification_id, device_id, status, reason, attempts, at, not_before)
			SELECT n.id, v.d, v.s, v.r, v.a, @now, v.b
			FROM jsonb_to_recordset(CAST(@rows AS jsonb)) AS v(n uuid, d uuid, s text, r text, a integer, b timestamptz)
			JOIN notifications n ON n.id = v.n
			ORDER BY n.id, v.d
			ON CONFLICT (notification_id, device_id) DO UPDATE SET
				status = excluded.status, reason = excluded.reason, attempts = excluded.attempts, at = excluded.at, not_before = excluded.not_before
			WHERE r.status IN ('retry', 'deferred')`, args).Error
		if err != nil || !anyDead(outcomes) {
			return err
		}
		return tx.Exec(`
			UPDATE devices SET is_active = false, off_reason = v.r, off_at = @now
			FROM jsonb_to_recordset(CAST(@rows AS jsonb)) AS v(d uuid, s text, r text, t timestamptz)
			WHERE v.s = 'dead' AND devices.id = v.d AND devices.is_active AND devices.last_used_at <= v.t`, args).Error
	})
}

func anyDead(outcomes []PushOutcome) bool {
	return slices.ContainsFunc(outcomes, func(o PushOutcome) bool { return o.Status == PushDead })
}

// PushCounts counts the receipts of a notification by status.
type PushCounts struct {
	Accepted int `json:"accepted,omitempty"`
	DryRun   int `json:"dry_run,omitempty"`
	Failed   int `json:"failed,omitempty"`
	Dead     int `json:"dead,omitempty"`
	Skipped  int `json:"skipped,omitempty"`
	Deferred int `json:"deferred,omitempty"`
	Retry    int `json:"retry,omitempty"`
	// Next is when the first retry or deferred push is due.
	Next *time.Time `json:"next,omitempty"`
}

// Result returns the counts for a task's result. Retries are left out: they end with another
// status.
func (c PushCounts) Result() tasks.TaskResult {
	return tasks.TaskResult{
		"accepted": c.Accepted, "failed": c.Failed, "dead": c.Dead, "deferred": c.Deferred, "skipped": c.Skipped, "dry_run": c.DryRun,
	}
}

// Add returns the sum of both, without Next.
func (c PushCounts) Add(o PushCounts) PushCounts {
	return PushCounts{
		Accepted: c.Accepted + o.Accepted, DryRun: c.DryRun + o.DryRun, Failed: c.Failed + o.Failed, Dead: c.Dead + o.Dead,
		Skipped: c.Skipped + o.Skipped, Deferred: c.Deferred + o.Deferred, Retry: c.Retry + o.Retry,
	}
}

// CountPushes counts the receipts of a range.
func CountPushes(ctx context.Context, db *gorm.DB, r PushRange) (c PushCounts, err error) {
	err = db.WithContext(ctx).Raw(`
		SELECT count(*) FILTER (WHERE status = 'accepted') AS accepted, count(*) FILTER (WHERE status = 'dry_run') AS dry_run,
			count(*) FILTER (WHERE status = 'failed') AS failed, count(*) FILTER (WHERE status = 'dead') AS dead,
			count(*) FILTER (WHERE status = 'skipped') AS skipped, count(*) FILTER (WHERE status = 'deferred') AS deferred,
			count(*) FILTER (WHERE status = 'retry') AS retry, min(not_before) AS next
		FROM notifications n JOIN push_receipts r ON r.notification_id = n.id
		WHERE `+r.news()+` AND n.user_id >= @afterUser AND n.user_id <= @uptoUser
			AND (n.user_id, r.device_id) > (@afterUser, @afterDevice) AND (n.user_id, r.device_id) <= (@uptoUser, @uptoDevice)`,
		r.args(time.Time{}, 0)).Scan(&c).Error
	return c, err
}

// ClosePushes gives up the retries and deferred pushes of devices that are deleted, switched
// off, or of an account that is no longer active, so that no run waits for them.
func ClosePushes(ctx context.Context, db *gorm.DB, r PushRange, now time.Time) error {
	return db.WithContext(ctx).Exec(`
		UPDATE push_receipts r SET status = 'skipped', reason = 'device is off', at = @now, not_before = NULL
		FROM notifications n
		WHERE n.id = r.notification_id AND `+r.news()+` AND r.status IN ('retry', 'deferred') AND NOT EXISTS (
			SELECT 1 FROM devices d JOIN users u ON u.id = d.user_id AND u.is_active
			WHERE d.id = r.device_id AND d.user_id = n.user_id AND d.is_active)`, r.args(now, 0)).Error
}

// OpenPushes returns the notifications of a user that are still to be pushed.
func OpenPushes(ctx context.Context, db *gorm.DB, user uuid.UUID) (news []uuid.UUID, err error) {
	err = db.WithContext(ctx).Raw(`
		SELECT DISTINCT n.id FROM notifications n JOIN push_receipts r ON r.notification_id = n.id
		WHERE n.user_id = ? AND n.broadcast_id IS NULL AND r.status IN ('retry', 'deferred')`, user).Scan(&news).Error
	return news, err
}

// ReceiptsOf returns the receipts of a notification.
func ReceiptsOf(ctx context.Context, db *gorm.DB, notification uuid.UUID) ([]PushReceipt, error) {
	var receipts []PushReceipt
	err := db.WithContext(ctx).Where("notification_id = ?", notification).Find(&receipts).Error
	return receipts, err
}

// receiptsFor and daysFor are how long receipts and counts of days are kept.
const (
	receiptsFor = 30 * 24 * time.Hour
	daysFor     = 3
)

// SweepPushes deletes up to limit expired receipts, as many counts of days, and the states of
// credentials that are not used any more.
func SweepPushes(ctx context.Context, db *gorm.DB, now time.Time, limit int) error {
	db = db.WithContext(ctx)
	err := db.Exec(`DELETE FROM push_receipts WHERE (notification_id, device_id) IN (
		SELECT notification_id, device_id FROM push_receipts WHERE at < ? ORDER BY at LIMIT ? FOR UPDATE SKIP LOCKED)`, now.Add(-receiptsFor), limit).Error
	if err != nil {
		return err
	}
	if err := db.Exec(`DELETE FROM push_credentials WHERE used_at < ?`, now.Add(-credentialsFor)).Error; err != nil {
		return err
	}
	return db.Exec(`DELETE FROM push_days WHERE (user_id, day) IN (
		SELECT user_id, day FROM push_days WHERE day < ? LIMIT ? FOR UPDATE SKIP LOCKED)`, int(now.Unix()/(24*60*60))-daysFor, limit).Error
}
