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
	}
}
