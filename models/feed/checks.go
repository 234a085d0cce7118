package feed

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/store"
)

// The states of a link.
const (
	LinkNone    = "none"
	LinkUnknown = "unknown"
	LinkOK      = "ok"
	LinkBroken  = "broken"
	LinkRefused = "refused" // an address that must not be requested
)

// brokenAfter is the number of consecutive failures that make a link a broken one.
const brokenAfter = 3

// AnalyseContent analyses a page of items, in the order of their ids, after the given one, and stores
// the results. Key: the item; repeating it gives the same results. It returns the last item; more is
// false at the end.
func AnalyseContent(ctx context.Context, db *gorm.DB, after uuid.UUID, most int, now time.Time) (last uuid.UUID, more bool, err error) {
	var rows []struct {
		ID                    uuid.UUID
		Body, Language, Level string
		Others                store.Words `gorm:"type:text[]"`
		DuplicateOf           *uuid.UUID
		SourceURL             *string `gorm:"column:source_url"`
		LinkState             *string
	}
	err = db.WithContext(ctx).Raw(`
		SELECT f.id, coalesce(l.content, nullif(i.content, ''), p.content, f.description) AS body, f.language, f.difficulty_level AS level,
			f.metadata ->> 'source_url' AS source_url, ck.link_state,
			CASE WHEN l.id IS NULL THEN '{}' ELSE ARRAY(SELECT o.content FROM lessons o WHERE o.course_id = l.course_id AND o.position < l.position) END AS others,
			(SELECT d.id FROM feed_items d WHERE d.metadata ->> 'source_url' = f.metadata ->> 'source_url'
				AND d.group_id = f.group_id AND d.id < f.id ORDER BY d.id LIMIT 1) AS duplicate_of
		FROM (SELECT * FROM feed_items WHERE id > @after AND visible AND content_type <> 'achievement' ORDER BY id LIMIT @most) f
		LEFT JOIN lessons l ON l.id = f.id LEFT JOIN items i ON i.id = f.id LEFT JOIN posts p ON p.id = f.id
		LEFT JOIN content_checks ck ON ck.item_id = f.id ORDER BY f.id`, map[string]any{"after": after, "most": most}).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return after, false, err
	}
	for _, r := range rows {
		state := LinkUnknown
		if r.SourceURL == nil {
			state = LinkNone
		} else if r.LinkState != nil && *r.LinkState != LinkNone {
			state = *r.LinkState
		}
		a := quality.Analyse(quality.Text{
			Body: r.Body, Language: r.Language, Level: r.Level, Others: r.Others, Duplicate: r.DuplicateOf != nil, BrokenLink: state == LinkBroken,
		})
		err := db.WithContext(ctx).Exec(`
			INSERT INTO content_checks (item_id, readability, length, structure, originality, total, duplicate_of, link_state, checked_at)
			SELECT f.id, CAST(@readability AS float8), CAST(@length AS float8), CAST(@structure AS float8), CAST(@originality AS float8), CAST(@total AS float8),
				CAST(@duplicate AS uuid), CAST(@state AS text), CAST(@now AS timestamptz) FROM feed_items f WHERE f.id = @id
			ON CONFLICT (item_id) DO UPDATE SET readability = excluded.readability, length = excluded.length, structure = excluded.structure,
				originality = excluded.originality, total = excluded.total, duplicate_of = excluded.duplicate_of, link_state = excluded.link_state, checked_at = excluded.checked_at`,
			map[string]any{
				"id": r.ID, "readability": a.Readability, "length": a.Length, "structure": a.Structure, "originality": a.Originality, "total": a.Total,
				"duplicate": r.DuplicateOf, "state": state, "now": now,
			}).Error
		if err != nil {
			return after, false, err
		}
	}
	return rows[len(rows)-1].ID, len(rows) == most, nil
}

// Link is the address of an item.
type Link struct {
	ItemID  uuid.UUID
	Address string
}

// LinksToCheck returns the addresses checked longest ago, before a time.
func LinksToCheck(ctx context.Context, db *gorm.DB, before time.Time, most int) ([]Link, error) {
	var links []Link
	err := db.WithContext(ctx).Raw(`
		SELECT ck.item_id, f.metadata ->> 'source_url' AS address FROM content_checks ck JOIN feed_items f ON f.id = ck.item_id AND f.visible
		WHERE ck.link_state <> 'none' AND f.metadata ->> 'source_url' IS NOT NULL AND (ck.link_checked_at IS NULL OR ck.link_checked_at < @before)
		ORDER BY ck.link_checked_at NULLS FIRST, ck.item_id LIMIT @most`, map[string]any{"before": before, "most": most}).Scan(&links).Error
	return links, err
}

// SaveLink stores the result of checking a link. A link is broken after three consecutive
// failures, since a single failure may be temporary.
func SaveLink(ctx context.Context, db *gorm.DB, item uuid.UUID, state string, now time.Time) error {
	return db.WithContext(ctx).Exec(`
		UPDATE content_checks SET link_checked_at = CAST(@now AS timestamptz),
			link_failures = CASE WHEN CAST(@state AS text) = 'broken' THEN link_failures + 1 ELSE 0 END,
			link_state = CASE WHEN CAST(@state AS text) = 'broken' AND link_failures + 1 < @most THEN link_state ELSE CAST(@state AS text) END
		WHERE item_id = @item AND link_checked_at IS DISTINCT FROM CAST(@now AS timestamptz)`,
		map[string]any{"now": now, "state": state, "most": brokenAfter, "item": item}).Error
}

// SaveOpinion stores the model's rating of an item, 0 to 1, apart from the measured quality.
func SaveOpinion(ctx context.Context, db *gorm.DB, item uuid.UUID, opinion float64) error {
	return db.WithContext(ctx).Exec(`
		INSERT INTO content_checks (item_id, model_opinion) SELECT id, CAST(? AS float8) FROM feed_items WHERE id = ?
		ON CONFLICT (item_id) DO UPDATE SET model_opinion = excluded.model_opinion`, opinion, item).Error
}

// ActiveUsers returns a page of the users with an activity since a time, in the order of their
// ids, after the given one.
func ActiveUsers(ctx context.Context, db *gorm.DB, after uuid.UUID, since time.Time, most int) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := db.WithContext(ctx).Raw(`
		SELECT u.id FROM users u WHERE u.id > @after AND u.is_active AND (u.last_login_at >= @since OR u.created_at >= @since
			OR EXISTS (SELECT FROM sessions s WHERE s.user_id = u.id AND s.last_used_at >= @since)
			OR EXISTS (SELECT FROM engagements e WHERE e.user_id = u.id AND e.at >= @since))
		ORDER BY u.id LIMIT @most`, map[string]any{"after": after, "since": since, "most": most}).Scan(&ids).Error
	return ids, err
}
