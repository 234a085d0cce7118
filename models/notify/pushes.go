package notify

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/store"
)

// Cursor is a position in the order of devices: by their user, then by their id.
type Cursor struct {
	User   uuid.UUID `json:"user"`
	Device uuid.UUID `json:"device"`
}

// PushRange is a notification and a range of the devices that get it.
type PushRange struct {
	// Notification is for one user, Broadcast for many; one of them is set.
	Notification uuid.UUID `json:"notification,omitzero"`
	Broadcast    uuid.UUID `json:"broadcast,omitzero"`
	// After and Upto bound the devices; zero values do not.
	After Cursor `json:"after,omitzero"`
	Upto  Cursor `json:"upto,omitzero"`
	// Again selects only devices with a retry or a deferred push.
	Again bool `json:"again,omitempty"`
}

// lastPlace is after every device.
var lastPlace = Cursor{uuid.Max, uuid.Max}

// args returns the range's bounds for a statement.
func (r PushRange) args(now time.Time, limit int) map[string]any {
	upto := r.Upto
	if upto == (Cursor{}) {
		upto = lastPlace
	}
	return map[string]any{
		"notification": r.Notification, "broadcast": r.Broadcast, "now": now, "limit": limit,
		"afterUser": r.After.User, "afterDevice": r.After.Device, "uptoUser": upto.User, "uptoDevice": upto.Device,
	}
}

// news returns the condition that a row n of notifications belongs to the range.
func (r PushRange) news() string {
	if r.Broadcast != uuid.Nil {
		return "n.broadcast_id = @broadcast"
	}
	return "n.id = @notification"
}

// due returns the condition that the receipt r of a device allows a push now.
func (r PushRange) due() string {
	open := `r.status IN ('retry', 'deferred') AND (r.not_before <= @now
		OR r.status = 'deferred' AND greatest(u.updated_at, p.updated_at) > r.at)` // the hours may have changed
	if r.Again {
		return open
	}
	return "(r.status IS NULL OR " + open + ")"
}

// targets returns the range's devices to push to now: of active accounts, switched on, and
// without a final receipt.
func (r PushRange) targets() string {
	return `
		FROM notifications n
		JOIN users u ON u.id = n.user_id AND u.is_active
		JOIN devices d ON d.user_id = n.user_id AND d.is_active
		LEFT JOIN push_preferences p ON p.user_id = n.user_id
		LEFT JOIN push_receipts r ON r.notification_id = n.id AND r.device_id = d.id
		WHERE ` + r.news() + ` AND (d.user_id, d.id) > (@afterUser, @afterDevice) AND (d.user_id, d.id) <= (@uptoUser, @uptoDevice)
			AND n.user_id >= @afterUser AND n.user_id <= @uptoUser AND ` + r.due()
}

// PushTarget is a device to push a notification to, with what the push needs.
type PushTarget struct {
	NotificationID uuid.UUID
	UserID         uuid.UUID
	Kind           NotificationKind
	Title          string
	Body           string
	Data           map[string]string `gorm:"serializer:json"`
	CollapseKey    string            // of a broadcast; "": it has none
	CreatedAt      time.Time
	ReadAt         *time.Time
	AdmittedAt     *time.Time
	Timezone       string
	DeviceID       uuid.UUID
	Token          string
	WebP256DH      string `gorm:"column:web_p256dh"`
	WebAuth        string
	Platform       string
	Environment    string
	Attempts       int // sends that were tried before
	Unread         int // in the user's inbox
	// The user's preferences; nil: none were ever set.
	CourseReady, Achievements, Community, Reminders, Marketing *bool
	QuietHoursStart, QuietHoursEnd                             *int
}

// PushTargets returns up to limit devices of the range to push to now, in order.
func PushTargets(ctx context.Context, db *gorm.DB, r PushRange, now time.Time, limit int) ([]PushTarget, error) {
	var targets []PushTarget
	err := db.WithContext(ctx).Raw(`
		SELECT t.*, coalesce(b.collapse_key, '') AS collapse_key,
			(SELECT count(*) FROM (SELECT 1 FROM notifications m WHERE m.user_id = t.user_id AND m.read_at IS NULL LIMIT 999) AS counted) AS unread
		FROM (SELECT n.id AS notification_id, n.user_id, n.kind, n.title, n.body, n.data, n.created_at, n.read_at, n.admitted_at, n.broadcast_id,
				u.timezone, d.id AS device_id, d.token, d.web_p256dh, d.web_auth, d.platform, d.environment, coalesce(r.attempts, 0) AS attempts,
				p.course_ready, p.achievements, p.community, p.reminders, p.marketing, p.quiet_hours_start, p.quiet_hours_end`+
		r.targets()+` ORDER BY d.user_id, d.id LIMIT @limit) AS t LEFT JOIN broadcasts b ON b.id = t.broadcast_id
		ORDER BY t.user_id, t.device_id`, r.args(now, limit)).Scan(&targets).Error
	return targets, err
}

// Place returns the target's position in the order.
func (t PushTarget) Place() Cursor { return Cursor{t.UserID, t.DeviceID} }

// Wanted reports whether the user wants notifications of this kind pushed.
func (t PushTarget) Wanted() bool {
	p := DefaultPushPreferences(t.UserID)
	if t.CourseReady != nil {
		p.CourseReady, p.Achievements, p.Community, p.Reminders, p.Marketing = *t.CourseReady, *t.Achievements, *t.Community, *t.Reminders, *t.Marketing
	}
	return p.wants(t.Kind)
}

// QuietUntil returns when the user's quiet hours end, if they are on at this moment in the
// user's zone. A test is not delayed: the user who requested it is awake.
func (t PushTarget) QuietUntil(now time.Time, zone *time.Location) (time.Time, bool) {
	if t.QuietHoursStart == nil || t.QuietHoursEnd == nil || t.Kind == NotifyTest {
		return now, false
	}
	return gamification.Quiet{From: gamification.Clock(*t.QuietHoursStart), To: gamification.Clock(*t.QuietHoursEnd)}.Until(now, zone)
}

// CutPushes divides the devices of a broadcast that are due for a push, after a cursor, into up
// to most ranges of up to size devices. Fewer than most ranges mean that these are the last.
func CutPushes(ctx context.Context, db *gorm.DB, r PushRange, now time.Time, size, most int) ([]PushRange, error) {
	var ends []struct {
		UserID, DeviceID uuid.UUID
	}
	args := r.args(now, size*most)
	args["size"] = size
	err := db.WithContext(ctx).Raw(`
		SELECT user_id, device_id FROM (
			SELECT *, row_number() OVER (ORDER BY user_id, device_id) AS nth, count(*) OVER () AS total
			FROM (SELECT d.user_id, d.id AS device_id`+r.targets()+` ORDER BY d.user_id, d.id LIMIT @limit) AS picked) AS t
		WHERE nth % @size = 0 OR nth = total ORDER BY user_id, device_id`, args).Scan(&ends).Error
	ranges := make([]PushRange, 0, len(ends))
	for _, end := range ends {
		cut := r
		cut.Upto = Cursor{end.UserID, end.DeviceID}
		ranges = append(ranges, cut)
		r.After = cut.Upto
	}
	return ranges, err
}

var pushSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d11")

// PushMessageID returns the provider's id for the push of a notification to a device. It is the same
// for every attempt.
func PushMessageID(notification, device uuid.UUID) uuid.UUID {
	return store.DerivedID(pushSpace, notification.String(), device.String())
}
