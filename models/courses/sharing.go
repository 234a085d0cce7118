package courses

import (
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// SetVisibility changes and saves the visibility of a locked course. confirmed is as for ShareCourse.
func SetVisibility(tx *gorm.DB, c *Course, to Visibility, confirmed bool, now time.Time) error {
	if c.Visibility == to {
		return nil
	}
	c.Visibility, c.UpdatedAt = to, now
	if confirmed && to == VisibilityPublic {
		c.RightsConfirmedAt = &now
	}
	if to == VisibilityPublic && c.OwnMaterial && !confirmed {
		return unconfirmed()
	}
	err := tx.Model(&Course{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{
		"visibility": c.Visibility, "rights_confirmed_at": c.RightsConfirmedAt, "updated_at": now,
	}).Error
	switch {
	case err != nil:
	case to != VisibilityPublic:
		err = Withdraw(tx, c.OwnerUserID, c.ID)
	case c.Status == CourseReady:
		err = BecamePublic(tx, c, activity.FeedShared, now)
	}
	return err
}

// MustConfirmRights is the fault of /confirm_rights when a course from own material would become public without it.
const MustConfirmRights = "must be true: the course is written from your own material, so say that you may publish it"

func unconfirmed() error { return store.BadField("body", "/confirm_rights", MustConfirmRights) }

// BecamePublic handles a READY course that has become public. The content rules judge it. Unless it
// is pending review, it is added to feeds as an entry of a kind, once.
func BecamePublic(tx *gorm.DB, c *Course, kind string, now time.Time) error {
	if err := reviewCourse(tx, c); err != nil || c.ModerationStatus != moderation.ContentVisible {
		return err
	}
	return activity.AddToFeed(tx, activity.FeedEntry{UserID: c.OwnerUserID, Kind: kind, ContentType: "course", ContentID: c.ID, Title: c.Title, At: now})
}

// Withdraw removes the feed entries and the share of content that a user has published or shared.
func Withdraw(tx *gorm.DB, user, content uuid.UUID) error {
	err := tx.Delete(&activity.FeedEntry{}, "user_id = ? AND content_id = ? AND kind IN ?", user, content, []string{activity.FeedPublished, activity.FeedShared}).Error
	if err != nil {
		return err
	}
	return activity.Disengage(tx, user, content, "share")
}
