package notify

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// PushDay counts the notifications pushed to a user on a day in their time zone.
type PushDay struct {
	UserID uuid.UUID `gorm:"type:uuid;primaryKey"`
	Day    int       `gorm:"primaryKey;autoIncrement:false"` // since the first of January 1970
	Sent   int
}

// Admission asks for a notification to be counted in a day's cap of its user.
type Admission struct {
	NotificationID uuid.UUID        `json:"n"`
	UserID         uuid.UUID        `json:"u"`
	Day            gamification.Day `json:"d"`
}

// AdmitPushes counts notifications in their users' daily caps and returns those within the cap,
// all or nothing. A notification that was admitted before is admitted again and counts once.
// There must be at most one for each user. Concurrent calls together stay within the cap.
func AdmitPushes(ctx context.Context, db *gorm.DB, news []Admission, dailyCap int, now time.Time) (admitted map[uuid.UUID]bool, err error) {
	admitted = make(map[uuid.UUID]bool, len(news))
	if len(news) == 0 {
		return admitted, nil
	}
	// Always in one order, so that concurrent calls cannot deadlock.
	slices.SortFunc(news, func(a, b Admission) int { return strings.Compare(a.UserID.String(), b.UserID.String()) })
	rows, err := json.Marshal(news)
	if err != nil {
		return nil, err
	}
	var through []uuid.UUID
	err = db.WithContext(ctx).Raw(`
		WITH asked AS (
			SELECT v.n, v.u, v.d FROM jsonb_to_recordset(CAST(@rows AS jsonb)) AS v(n uuid, u uuid, d integer)
			JOIN notifications n ON n.id = v.n WHERE n.admitted_at IS NULL ORDER BY v.u
		), counted AS (
			INSERT INTO push_days AS p (user_id, day, sent) SELECT u, d, 1 FROM asked
			ON CONFLICT (user_id, day) DO UPDATE SET sent = p.sent + 1 WHERE p.sent < @cap
			RETURNING user_id
		)
		UPDATE notifications SET admitted_at = @now FROM asked, counted
		WHERE notifications.id = asked.n AND counted.user_id = asked.u
		RETURNING notifications.id`, map[string]any{"rows": string(rows), "cap": dailyCap, "now": now}).Scan(&through).Error
	for _, id := range through {
		admitted[id] = true
	}
	return admitted, err
}
