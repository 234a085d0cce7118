package feed

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// ShareCourse makes the user's own course public and shows it once in the feeds of others; one that is not
// READY is a Conflict. A course from own material needs confirmed, its owner's statement that it may be
// published; otherwise /confirm_rights is a bad field. Another's public course is shared in the user's
// name, once. Repeating it changes nothing.
func ShareCourse(ctx context.Context, db *gorm.DB, user, course uuid.UUID, confirmed bool, now time.Time) error {
	return onCourse(ctx, db, user, course, "", func(tx *gorm.DB, item Item) error {
		return share(tx, user, item, nil, confirmed, now)
	})
}

// UnshareCourse makes the user's own course private: at once it is in no list, search or feed of others. Another's
// course is no longer shared in the user's name, even if they may not see it any more. Repeating it changes nothing.
func UnshareCourse(ctx context.Context, db *gorm.DB, user, course uuid.UUID, now time.Time) error {
	return onCourse(ctx, db, user, course, "share", func(tx *gorm.DB, item Item) error {
		if item.AuthorID == nil || *item.AuthorID != user {
			return courses.Withdraw(tx, user, course)
		}
		if err := courses.Lock(tx, course); err != nil {
			return err
		}
		c, err := courses.FindWhole(tx, course)
		if err != nil {
			return err
		}
		return courses.SetVisibility(tx, &c, courses.VisibilityPrivate, false, now)
	})
}

// shareOwn is ShareCourse for the owner of a course.
func shareOwn(tx *gorm.DB, course uuid.UUID, metadata store.Object, confirmed bool, now time.Time) error {
	if err := courses.Lock(tx, course); err != nil {
		return err
	}
	c, err := courses.FindWhole(tx, course)
	if err != nil {
		return err
	}
	if c.Status != courses.CourseReady {
		return store.Errorf(store.Conflict, "Only a course that is READY can be shared.")
	}
	if err := courses.SetVisibility(tx, &c, courses.VisibilityPublic, confirmed, now); err != nil {
		return err
	}
	if err := activity.Engage(tx, c.OwnerUserID, c.ID, "share", metadata, now); err != nil {
		return err
	}
	return courses.BecamePublic(tx, &c, activity.FeedShared, now)
}
