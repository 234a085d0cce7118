package feed

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// View is an item as a feed shows it, with its position.
type View struct {
	Item
	AuthorName   string
	AuthorAvatar *string
	Likes        int
	Views        int
	Comments     int
	Liked        bool
	Bookmarked   bool
	CheckedTotal *float64
	ModelOpinion *float64
	SharedByID   *uuid.UUID
	SharedByName *string
	SharedAt     *time.Time
	Score        float64
	Reasons      []string
}

// ShowFeed returns the items of a part of a ranking, in its order, in one query. Items that may no
// longer be shown to the user are left out.
func ShowFeed(ctx context.Context, db *gorm.DB, user uuid.UUID, part Ranking) ([]View, error) {
	if len(part) == 0 {
		return nil, nil
	}
	ids := make([]uuid.UUID, len(part))
	for i, r := range part {
		ids[i] = r.ID
	}
	found := make(map[uuid.UUID]*View, len(part))
	rows, err := db.WithContext(ctx).Raw(`
		SELECT f.id, f.content_type, f.group_id, f.author_id, f.title, f.description, f.thumbnail_url, f.skills, f.difficulty_level, f.language, f.quality,
			f.minutes, f.shares_count, f.metadata, f.published_at, f.updated_at, u.full_name, u.avatar_url, coalesce(p.likes_count, f.likes_count),
			coalesce(p.views_count, f.views_count), coalesce(p.comments_count, 0), ck.total, ck.model_opinion,
			EXISTS (SELECT FROM engagements e WHERE e.user_id = @viewer AND e.item_id = f.id AND e.action = 'like'),
			EXISTS (SELECT FROM engagements e WHERE e.user_id = @viewer AND e.item_id = f.id AND e.action = 'bookmark'),
			s.user_id, s.full_name, s.at
		FROM feed_items f JOIN users u ON u.id = f.author_id LEFT JOIN posts p ON p.id = f.id LEFT JOIN content_checks ck ON ck.item_id = f.id AND ck.checked_at IS NOT NULL
		LEFT JOIN LATERAL (SELECT e.user_id, w.full_name, e.at FROM feed_entries e JOIN users w ON w.id = e.user_id AND `+accounts.IsOn("w")+`
			WHERE e.content_id = f.id AND e.kind = 'shared' AND `+accounts.NotApart("e.user_id")+`
			ORDER BY e.at DESC LIMIT 1) s ON true
		WHERE f.id = ANY (CAST(@ids AS uuid[])) AND `+shown(), map[string]any{"viewer": user, "ids": store.IDList(ids)}).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		v, err := scanFeedView(rows)
		if err != nil {
			return nil, err
		}
		found[v.ID] = &v
	}
	shown := make([]View, 0, len(found))
	for _, r := range part {
		if v := found[r.ID]; v != nil {
			v.Score, v.Reasons = r.Score, r.Reasons
			shown = append(shown, *v)
		}
	}
	return shown, rows.Err()
}

func scanFeedView(rows *sql.Rows) (v View, err error) {
	var metadata []byte
	err = rows.Scan(&v.ID, &v.ContentType, &v.GroupID, &v.AuthorID, &v.Title, &v.Description, &v.ThumbnailURL, &v.Skills, &v.DifficultyLevel, &v.Language,
		&v.Quality, &v.Minutes, &v.SharesCount, &metadata, &v.PublishedAt, &v.UpdatedAt, &v.AuthorName, &v.AuthorAvatar, &v.Likes, &v.Views, &v.Comments,
		&v.CheckedTotal, &v.ModelOpinion, &v.Liked, &v.Bookmarked, &v.SharedByID, &v.SharedByName, &v.SharedAt)
	if err == nil {
		err = json.Unmarshal(metadata, &v.Metadata)
	}
	return v, err
}

// SnapshotFor is how long a feed can be scrolled before it is ranked again.
const SnapshotFor = 15 * time.Minute

// SaveSnapshot stores a ranked feed.
func SaveSnapshot(ctx context.Context, db *gorm.DB, s Snapshot) error {
	return db.WithContext(ctx).Create(&s).Error
}

// FindSnapshot returns a user's ranked feed; ok is false when it is deleted or has expired.
func FindSnapshot(ctx context.Context, db *gorm.DB, user, id uuid.UUID, now time.Time) (s Snapshot, ok bool, err error) {
	var found []Snapshot
	err = db.WithContext(ctx).Where("id = ? AND user_id = ? AND expires_at > ?", id, user, now).Limit(1).Find(&found).Error
	if err != nil || len(found) == 0 {
		return s, false, err
	}
	return found[0], true, nil
}

// DropSnapshots removes expired snapshots.
func DropSnapshots(ctx context.Context, db *gorm.DB, now time.Time) error {
	return db.WithContext(ctx).Delete(&Snapshot{}, "expires_at <= ?", now).Error
}
