package feed

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/ranking"
)

// trendingLock prevents two counts at once.
const trendingLock = 7_707_001

// CountTrending recomputes the trending scores. The score of a visible item is the decayed
// interactions of distinct users other than its author, as in ranking.Trending. Key: the time;
// counting again at a time gives the same rows.
func CountTrending(ctx context.Context, db *gorm.DB, now time.Time) error {
	weights := ranking.TrendingWeights()
	now = now.Truncate(time.Microsecond) // the precision of Postgres
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := tx.Exec("SELECT pg_advisory_xact_lock(?)", trendingLock).Error; err != nil {
			return err
		}
		// Concurrent readers see the rows of the previous count.
		if err := tx.Exec("DELETE FROM trending").Error; err != nil {
			return err
		}
		return tx.Exec(`
			INSERT INTO trending (item_id, content_type, score, people, last_at, counted_at)
			SELECT e.item_id, f.content_type,
				sum(CASE e.action WHEN 'view' THEN CAST(@view AS float8) WHEN 'like' THEN CAST(@like AS float8) WHEN 'comment' THEN CAST(@comment AS float8) ELSE CAST(@share AS float8) END
					* power(0.5::float8, greatest(extract(epoch FROM CAST(@now AS timestamptz) - e.at)::float8, 0) / @half)),
				count(DISTINCT e.user_id), max(e.at), CAST(@now AS timestamptz)
			FROM engagements e JOIN feed_items f ON f.id = e.item_id AND f.visible
			WHERE e.at >= @since AND e.action IN ('view', 'like', 'comment', 'share') AND e.user_id IS DISTINCT FROM f.author_id
			GROUP BY e.item_id, f.content_type`, map[string]any{
			"view": weights["view"], "like": weights["like"], "comment": weights["comment"], "share": weights["share"],
			"now": now, "since": now.Add(-ranking.TrendingWindow), "half": ranking.TrendingHalfLife.Seconds(),
		}).Error
	})
}

// trendingFeed returns the trending items for a user, in one query along the index of its order. Items
// without an interaction since are left out; kind "" is every kind.
func trendingFeed(ctx context.Context, db *gorm.DB, user uuid.UUID, kind string, since time.Time, most int) (Ranking, error) {
	where := ""
	if kind != "" {
		where = " AND t.content_type = @kind"
	}
	var rows []struct {
		ItemID uuid.UUID
		Score  float64
		People int
	}
	err := db.WithContext(ctx).Raw(`
		SELECT t.item_id, t.score, t.people FROM trending t JOIN feed_items f ON f.id = t.item_id
		WHERE t.last_at >= @since`+where+` AND `+shown()+`
		ORDER BY t.score DESC, t.item_id LIMIT @most`,
		map[string]any{"viewer": user, "kind": kind, "since": since, "most": most}).Scan(&rows).Error
	ranked := make(Ranking, len(rows))
	for i, r := range rows {
		ranked[i] = ranking.Ranked{ID: r.ItemID, Score: r.Score, Reasons: []string{trendingReason(r.People)}}
	}
	return ranked, err
}

func trendingReason(people int) string {
	c := ranking.Candidate{People: people, TrendingScore: 1}
	return c.TrendingReason()
}

// TrendingNow returns the trending items for a user, of a content type or "" for all, with an
// interaction in the last days; at most so many.
func TrendingNow(ctx context.Context, db *gorm.DB, user uuid.UUID, kind string, days int, now time.Time, most int) (Ranking, error) {
	return trendingFeed(ctx, db, user, kind, now.AddDate(0, 0, -days), most)
}
