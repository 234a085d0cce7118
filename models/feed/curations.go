package feed

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/ranking"
)

// CurationDay returns the day of a curation, in UTC.
func CurationDay(now time.Time) string { return now.UTC().Format(time.DateOnly) }

// curationAge is how long picks are used when no newer ones came: a day plus the time
// that a day's run takes.
const curationAge = 36 * time.Hour

// SaveCuration stores a day's picks for a user. Key: user and day; later picks of the day
// replace earlier ones.
func SaveCuration(ctx context.Context, db *gorm.DB, c Curation) error {
	return db.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "user_id"}, {Name: "day"}},
		DoUpdates: clause.AssignmentColumns([]string{"picks", "ordered_by", "note", "made_at"}),
	}).Create(&c).Error
}

// FindCuration returns a user's picks of a day; ok is false when there are none.
func FindCuration(ctx context.Context, db *gorm.DB, user uuid.UUID, day string) (c Curation, ok bool, err error) {
	var found []Curation
	err = db.WithContext(ctx).Where("user_id = ? AND day = ?", user, day).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return c, false, err
	}
	return found[0], true, nil
}

// DropCurations deletes expired picks.
func DropCurations(ctx context.Context, db *gorm.DB, now time.Time) error {
	return db.WithContext(ctx).Delete(&Curation{}, "made_at < ?", now.Add(-curationAge)).Error
}

// OrderNote is the note on a feed whose order no model has influenced.
const OrderNote = "The order is by score."

// recommended returns the day's picks, without items that the user has interacted with since, and then
// the personalized ranking. The last reason of every item is the note about its order.
func recommended(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time) (Ranking, error) {
	ranked, err := Recommend(ctx, db, user, ranking.Personalized, now)
	if err != nil {
		return nil, err
	}
	var found []Curation
	err = db.WithContext(ctx).Where("user_id = ? AND made_at >= ?", user, now.Add(-curationAge)).Order("day DESC").Limit(1).Find(&found).Error
	if err != nil {
		return nil, err
	}
	picks := Curation{Note: OrderNote}
	if len(found) > 0 {
		picks = found[0]
	}
	return picks.onTopOf(ranked), nil
}

// onTopOf puts the picks that are still candidates before the rest. Scores of the picks are
// above 0.5 and fall in their order, those of the rest are below.
func (c Curation) onTopOf(ranked Ranking) Ranking {
	at := map[uuid.UUID]int{}
	for i, r := range ranked {
		at[r.ID] = i
	}
	out := make(Ranking, 0, len(ranked))
	for i, pick := range c.Picks {
		if _, ok := at[pick.ID]; !ok {
			continue
		}
		delete(at, pick.ID)
		reasons := append(slices.Clone(pick.Reasons), c.Note)
		out = append(out, ranking.Ranked{ID: pick.ID, Score: 1 - 0.5*float64(i)/float64(len(c.Picks)), Reasons: reasons})
	}
	for _, r := range ranked {
		if _, ok := at[r.ID]; ok {
			out = append(out, ranking.Ranked{ID: r.ID, Score: r.Score / 2, Reasons: append(slices.Clone(r.Reasons), OrderNote)})
		}
	}
	return out
}

// RecommendBest returns the beginning of RankFeed's recommended feed, for a strategy; "" is the day's picks.
func RecommendBest(ctx context.Context, db *gorm.DB, user uuid.UUID, s ranking.Strategy, now time.Time) (Ranking, error) {
	if s == "" {
		return recommended(ctx, db, user, now)
	}
	ranked, err := Recommend(ctx, db, user, s, now)
	for i := range ranked {
		ranked[i].Reasons = append(ranked[i].Reasons, OrderNote)
	}
	return ranked, err
}
