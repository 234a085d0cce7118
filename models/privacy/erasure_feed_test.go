package privacy_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/store"
)

// feedRows returns a row in every table of feeds that names a user.
func feedRows(user, course uuid.UUID, now time.Time) []any {
	return []any{
		&activity.FeedEntry{ID: store.NewID(), UserID: user, Kind: activity.FeedShared, ContentType: "course", ContentID: course, Title: "t", Metadata: map[string]any{}, At: now},
		&activity.Engagement{UserID: user, ItemID: course, Action: "bookmark", Metadata: map[string]any{}, At: now},
		&feed.Snapshot{ID: store.NewID(), UserID: user, Entries: []byte{0}, MadeAt: now, ExpiresAt: now.Add(time.Hour)},
		&feed.LearningProfile{UserID: user, Interests: []string{"tides"}, Skills: map[string]float64{}, UpdatedAt: now},
		&feed.Curation{UserID: user, Day: "2026-11-01", Picks: []feed.Pick{}, OrderedBy: feed.OrderedByScore, Note: "n", MadeAt: now},
	}
}
