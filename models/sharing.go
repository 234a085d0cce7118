package models

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// ShareCourse makes the user's own course public and lets others find it in their feeds, once; one that is
// not READY is a Conflict. A course from own material needs confirmed, its owner's word that
// it may be published: else /confirm_rights is a bad field. Another's public course is shared in the user's
// name, once. Repeating it changes nothing.
func ShareCourse(ctx context.Context, db *gorm.DB, user, course uuid.UUID, confirmed bool, now time.Time) error {
	return onCourse(ctx, db, user, course, "", func(tx *gorm.DB, item FeedItem) error {
		return share(tx, user, item, nil, confirmed, now)
	})
}

// UnshareCourse makes the user's own course private: at once it is in no list, search or feed of others.
// Another's course is no longer shared in the user's name, also if they may not see it any more. Repeating it changes nothing.
func UnshareCourse(ctx context.Context, db *gorm.DB, user, course uuid.UUID, now time.Time) error {
	return onCourse(ctx, db, user, course, "share", func(tx *gorm.DB, item FeedItem) error {
		if item.AuthorID == nil || *item.AuthorID != user {
			return withdraw(tx, user, course)
		}
		if err := lockCourse(tx, course); err != nil {
			return err
		}
		c, err := wholeCourse(tx, course)
		if err != nil {
			return err
		}
		return setVisibility(tx, &c, VisibilityPrivate, false, now)
	})
}

// shareOwn is share for the owner of a course.
func shareOwn(tx *gorm.DB, course uuid.UUID, metadata map[string]any, confirmed bool, now time.Time) error {
	if err := lockCourse(tx, course); err != nil {
		return err
	}
	c, err := wholeCourse(tx, course)
	if err != nil {
		return err
	}
	if c.Status != CourseReady {
		return Errorf(Conflict, "Only a course that is READY can be shared.")
	}
	if err := setVisibility(tx, &c, VisibilityPublic, confirmed, now); err != nil {
		return err
	}
	if err := engage(tx, c.OwnerUserID, c.ID, "share", metadata, now); err != nil {
		return err
	}
	return becamePublic(tx, &c, FeedShared, now)
}

// setVisibility has others see a locked course, or see it no more, and saves that. confirmed is as
// ShareCourse has it.
func setVisibility(tx *gorm.DB, c *Course, to Visibility, confirmed bool, now time.Time) error {
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
		err = withdraw(tx, c.OwnerUserID, c.ID)
	case c.Status == CourseReady:
		err = becamePublic(tx, c, FeedShared, now)
	}
	return err
}

// MustConfirmRights is what is wrong with /confirm_rights where a course from own material would become public without it.
const MustConfirmRights = "must be true: the course is written from your own material, so say that you may publish it"

func unconfirmed() error { return BadField("body", "/confirm_rights", MustConfirmRights) }

// becamePublic is what follows when a READY course is one that everybody may see: the content rules judge
// it, and unless it waits for an administrator it appears in feeds as a deed of a kind, once.
func becamePublic(tx *gorm.DB, c *Course, kind string, now time.Time) error {
	if err := reviewCourse(tx, c); err != nil || c.ModerationStatus != ContentVisible {
		return err
	}
	return AddToFeed(tx, FeedEntry{UserID: c.OwnerUserID, Kind: kind, ContentType: "course", ContentID: c.ID, Title: c.Title, At: now})
}

// withdraw takes back that a user has published or shared a thing.
func withdraw(tx *gorm.DB, user, content uuid.UUID) error {
	err := tx.Delete(&FeedEntry{}, "user_id = ? AND content_id = ? AND kind IN ?", user, content, []string{FeedPublished, FeedShared}).Error
	if err != nil {
		return err
	}
	return takeBack(tx, user, content, "share")
}
