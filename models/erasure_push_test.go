package models_test

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models"
)

// pushRows are a row in every table of notifications and devices that names a user.
func pushRows(user uuid.UUID, now time.Time) []any {
	return []any{
		&models.Notification{ID: models.NewID(), UserID: user, ActorID: &user, Kind: models.NotifyTest, Title: "t", Body: "b", Data: map[string]string{}, CreatedAt: now},
	}
}
