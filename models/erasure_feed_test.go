package models_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
)

// feedRows are a row in every table of feeds that names a user.
func feedRows(user, course uuid.UUID, now time.Time) []any {
	return []any{
		&models.FeedEntry{ID: models.NewID(), UserID: user, Kind: models.FeedShared, ContentType: "course", ContentID: course, Title: "t", Metadata: map[string]any{}, At: now},
		&models.Engagement{UserID: user, ItemID: course, Action: "bookmark", Metadata: map[string]any{}, At: now},
		&models.FeedSnapshot{ID: models.NewID(), UserID: user, Entries: []byte{0}, MadeAt: now, ExpiresAt: now.Add(time.Hour)},
		&models.LearningProfile{UserID: user, Interests: []string{"tides"}, Skills: map[string]float64{}, UpdatedAt: now},
		&models.FeedCuration{UserID: user, Day: "2026-11-01", Picks: []models.FeedPick{}, OrderedBy: models.OrderedByScore, Note: "n", MadeAt: now},
	}
}
