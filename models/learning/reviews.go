package learning

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// ReviewLog is one repetition of a card and how it went. It never changes.
type ReviewLog struct {
	ID       uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID   uuid.UUID `gorm:"type:uuid"`
	CardID   uuid.UUID `gorm:"type:uuid"`
	CourseID uuid.UUID `gorm:"type:uuid"`
	Rating   string
	State    string `gorm:"default:new"` // of the card before
	At       time.Time
}

// CardSeen is true when @viewer may still read what a card c of theirs was made from.
func CardSeen() string { return moderation.PartSeen("c.course_id") }

// DueCards returns a user's cards that are due, the one that has waited longest first. Cards of a course
// that the user may not see any more rest until they may.
func DueCards(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time, after *store.Keyset, limit int) (cards []ReviewCard, err error) {
	q := db.WithContext(ctx).Table("review_cards c").Where("c.user_id = @viewer AND c.due_at <= @now AND "+CardSeen(), map[string]any{"viewer": user, "now": now})
	if after != nil {
		q = q.Where("(c.due_at, c.id) > (?, ?)", after.At, after.ID)
	}
	err = q.Order("c.due_at, c.id").Limit(limit).Find(&cards).Error
	return cards, err
}

// Review is how well a user remembered a card.
type Review struct {
	UserID uuid.UUID
	CardID uuid.UUID
	Recall gamification.Recall
	At     time.Time
	Key    IdempotencyKey
}

// ReviewCardOnce records a review and returns the card with its next due time. A review is a
// learning event. A request with a key is recorded once.
func ReviewCardOnce(ctx context.Context, db *gorm.DB, r Review, now time.Time, f notify.Enqueuer) (card ReviewCard, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, r.UserID); err != nil {
			return err
		}
		b, err := beginLedger(tx, r.UserID, r.At, gainsOn(r.At)...) // reviews of one user take turns
		if err != nil {
			return err
		}
		var found []ReviewCard
		err = tx.Table("review_cards c").Where("c.id = @id AND c.user_id = @viewer AND "+CardSeen(), map[string]any{"id": r.CardID, "viewer": r.UserID}).
			Limit(1).Find(&found).Error
		if err != nil || len(found) == 0 {
			return store.OrMissing(err, "card", r.CardID)
		}
		card = found[0]
		_, err = once(tx, r.UserID, r.Key, now, &card, func() error { return r.note(b, &card, f) })
		return err
	})
	return card, err
}

func (r Review) note(b *ledgerTx, card *ReviewCard, f notify.Enqueuer) error {
	user, err := accounts.FindUser(b.tx.Statement.Context, b.tx, r.UserID)
	if err != nil {
		return err
	}
	log := ReviewLog{ID: store.NewID(), UserID: r.UserID, CardID: card.ID, CourseID: card.CourseID, Rating: string(r.Recall), State: card.State, At: r.At}
	if err := b.tx.Create(&log).Error; err != nil {
		return err
	}
	memory := gamification.Memory{
		State: card.State, Stability: card.Stability, Difficulty: card.Difficulty, ScheduledDays: card.ScheduledDays,
		Reps: card.Reps, Lapses: card.Lapses, Due: card.DueAt, Reviewed: card.ReviewedAt,
	}.Next(r.Recall, r.At, accounts.ZoneOf(user.Timezone))
	card.State, card.Stability, card.Difficulty, card.ScheduledDays = memory.State, memory.Stability, memory.Difficulty, memory.ScheduledDays
	card.Reps, card.Lapses, card.DueAt, card.ReviewedAt = memory.Reps, memory.Lapses, memory.Due, memory.Reviewed
	if err := b.tx.Save(card).Error; err != nil {
		return err
	}
	event := Event{ID: log.ID, UserID: r.UserID, Kind: Reviewed, CourseID: &card.CourseID, At: r.At}
	if err := b.recordEvent(event, "", ""); err != nil {
		return err
	}
	return b.finish(log.ID, f, gamification.FactReviews)
}

// ReviewStats are what a user's cards are like that are not at rest.
type ReviewStats struct {
	Total, Due, DueToday, New, Learning, Mature int64
	ReviewedToday, Reviewed                     int64
	Lately, Remembered                          int64 // reviews of the last thirty days of cards known before, and those of them remembered
	NextDueAt                                   *time.Time
}

// ReviewStatsOf counts them; today is up to a moment and from another.
func ReviewStatsOf(ctx context.Context, db *gorm.DB, user uuid.UUID, now, today, tomorrow time.Time) (s ReviewStats, err error) {
	args := map[string]any{"viewer": user, "now": now, "today": today, "tomorrow": tomorrow, "lately": now.AddDate(0, 0, -30)}
	err = db.WithContext(ctx).Raw(`
		SELECT c.*, l.* FROM (
			SELECT count(*) AS total, count(*) FILTER (WHERE due_at <= @now) AS due, count(*) FILTER (WHERE due_at < @tomorrow) AS due_today,
				count(*) FILTER (WHERE state = 'new') AS new, count(*) FILTER (WHERE state IN ('learning', 'relearning')) AS learning,
				count(*) FILTER (WHERE state = 'review') AS mature, min(due_at) FILTER (WHERE due_at > @now) AS next_due_at
			FROM review_cards c WHERE c.user_id = @viewer AND `+CardSeen()+`) c,
		(	SELECT count(*) AS reviewed, count(*) FILTER (WHERE at >= @today AND at < @tomorrow) AS reviewed_today,
				count(*) FILTER (WHERE at >= @lately AND state = 'review') AS lately,
				count(*) FILTER (WHERE at >= @lately AND state = 'review' AND rating <> 'again') AS remembered
			FROM review_logs WHERE user_id = @viewer) l`, args).Scan(&s).Error
	return s, err
}

// RemindFrom is the hour, in the user's time zone, from which they are reminded of cards.
const RemindFrom = 17

// Reminded is the result for one batch of users.
type Reminded struct {
	Last  uuid.UUID // where to go on
	Users int       // looked at; 0: there are no more
}

// RemindMany notifies users of due cards, for a batch in the order of their ids, after the given
// one. It passes over users for whom it is before RemindFrom. A user is reminded once a day.
func RemindMany(ctx context.Context, db *gorm.DB, after uuid.UUID, most int, now time.Time, f notify.Enqueuer) (Reminded, error) {
	done := Reminded{Last: after}
	var rows []struct {
		ID       uuid.UUID
		Timezone string
		Due      int64
	}
	err := db.WithContext(ctx).Raw(`SELECT u.id, u.timezone, count(*) AS due FROM review_cards c JOIN users u ON u.id = c.user_id AND `+accounts.IsOn("u")+`
		WHERE c.user_id > @after AND c.due_at <= @now AND `+strings.ReplaceAll(CardSeen(), "@viewer", "c.user_id")+`
		GROUP BY u.id ORDER BY u.id LIMIT @most`, map[string]any{"after": after, "now": now, "most": most}).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return done, err
	}
	for _, r := range rows {
		zone := accounts.ZoneOf(r.Timezone)
		if now.In(zone).Hour() < RemindFrom {
			continue
		}
		body := "One card is due."
		if r.Due > 1 {
			body = fmt.Sprintf("%d cards are due.", r.Due)
		}
		err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
			return notify.Notify(tx, notify.Notification{
				UserID: r.ID, Kind: notify.NotifyReminder, Title: "Time to review", Body: body, CreatedAt: now,
				Data: map[string]string{"type": "reminder", "action": "open_reviews"},
			}, "reviews "+gamification.DayOf(now, zone).String(), f)
		})
		if err != nil {
			return done, err
		}
	}
	done.Last, done.Users = rows[len(rows)-1].ID, len(rows)
	return done, nil
}
