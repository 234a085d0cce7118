package feed

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// Interaction is an interaction of a user with an item of a feed.
type Interaction struct {
	ItemID   uuid.UUID
	Action   string // like, unlike, bookmark, unbookmark, share, view, complete, skip or hide
	Metadata store.Object
	// ConfirmRights is for share; see ShareCourse.
	ConfirmRights bool
}

// reactions are the actions on a post that go through package community.
var reactions = []string{"like", "unlike", "view"}

// takesBack maps an action to the one it reverts.
var takesBack = map[string]string{"unlike": "like", "unbookmark": "bookmark"}

// Interact records an interaction, which counts once however often it is repeated. An item that
// the user may not see is not found. A like or view of a post goes through package community.
// Sharing adds the item to the feeds of others, once.
func Interact(ctx context.Context, db *gorm.DB, user uuid.UUID, in Interaction, now time.Time) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, user); err != nil {
			return err
		}
		return interact(tx, user, in, now)
	})
}

// InteractAll records many interactions in one transaction. It skips items that the user may not
// see, and reactions to a post of theirs that is visible to nobody else at the moment. found
// reports for each interaction whether its item was found. Items are processed in the order of
// their ids, so that batches cannot deadlock. Interactions with one item keep their order.
func InteractAll(ctx context.Context, db *gorm.DB, user uuid.UUID, all []Interaction, now time.Time) (found []bool, err error) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return bytes.Compare(all[a].ItemID[:], all[b].ItemID[:]) })
	found = make([]bool, len(all))
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, user); err != nil {
			return err
		}
		for _, i := range order {
			switch err := interact(tx, user, all[i], now); {
			case store.CodeOf(err) == store.NotFound || store.CodeOf(err) == store.Conflict && slices.Contains(reactions, all[i].Action):
			case err != nil:
				return err
			default:
				found[i] = true
			}
		}
		return nil
	})
	return found, err
}

// interact does the work of Interact for a locked account.
func interact(tx *gorm.DB, user uuid.UUID, in Interaction, now time.Time) error {
	own := ""
	if in.Action == "unbookmark" {
		own = "bookmark"
	}
	item, err := reachable(tx, user, in.ItemID, own)
	if err != nil {
		return err
	}
	if item.ContentType == "post" && slices.Contains(reactions, in.Action) {
		return reactToPost(tx, user, item.ID, in.Action, now)
	}
	if base, ok := takesBack[in.Action]; ok {
		return activity.Disengage(tx, user, item.ID, base)
	}
	if in.Action == "share" {
		return share(tx, user, item, in.Metadata, in.ConfirmRights, now)
	}
	return activity.Engage(tx, user, item.ID, in.Action, in.Metadata, now)
}

// share records it, and lets others see the item in their feeds. A user's own course becomes public with that.
func share(tx *gorm.DB, user uuid.UUID, item Item, metadata store.Object, confirmed bool, now time.Time) error {
	if item.ContentType == "course" && item.AuthorID != nil && *item.AuthorID == user {
		return shareOwn(tx, item.ID, metadata, confirmed, now)
	}
	if !item.Visible {
		return store.Errorf(store.Conflict, "Only what everybody can see may be shared.")
	}
	if err := activity.Engage(tx, user, item.ID, "share", metadata, now); err != nil {
		return err
	}
	return activity.AddToFeed(tx, activity.FeedEntry{UserID: user, Kind: activity.FeedShared, ContentType: item.ContentType, ContentID: item.ID, Title: item.Title, At: now})
}

// reachable returns an item that a user may see, or that has their engagement of the action own, so
// that they can revert it when they may not see the item any more. An empty own is no action.
func reachable(tx *gorm.DB, user, id uuid.UUID, own string) (Item, error) {
	var item Item
	err := tx.Where("feed_items.id = @id AND ("+moderation.ItemSeen("feed_items")+
		" OR EXISTS (SELECT FROM engagements e WHERE e.user_id = @viewer AND e.item_id = feed_items.id AND e.action = @own))",
		map[string]any{"id": id, "viewer": user, "own": own}).Take(&item).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return item, store.Missing("item", id)
	}
	return item, err
}

// reactToPost likes, unlikes or views a post through package community, which also checks who sees it.
func reactToPost(tx *gorm.DB, user, post uuid.UUID, action string, now time.Time) error {
	v := moderation.Viewer{ID: user}
	if action == "view" {
		_, err := community.ApplyView(tx, v, post, now)
		return err
	}
	want := action == "like"
	_, _, err := community.ApplyLike(tx, v, post, &want, now)
	return err
}

// SetFavorite makes a course a user's favorite, or removes it. A favorite is a bookmark of the course.
// Repeating it is harmless. It can be removed also from a course that the user may not see any more.
func SetFavorite(ctx context.Context, db *gorm.DB, user, course uuid.UUID, favorite bool, now time.Time) error {
	if !favorite {
		return onCourse(ctx, db, user, course, "bookmark", func(tx *gorm.DB, item Item) error { return activity.Disengage(tx, user, item.ID, "bookmark") })
	}
	return onCourse(ctx, db, user, course, "", func(tx *gorm.DB, item Item) error {
		return activity.Engage(tx, user, item.ID, "bookmark", nil, now)
	})
}

// onCourse acts on a course that is reachable to a user.
func onCourse(ctx context.Context, db *gorm.DB, user, course uuid.UUID, own string, act func(tx *gorm.DB, item Item) error) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, user); err != nil {
			return err
		}
		item, err := reachable(tx, user, course, own)
		if err == nil && item.ContentType != "course" || store.CodeOf(err) == store.NotFound {
			return store.Missing("course", course)
		}
		if err != nil {
			return err
		}
		return act(tx, item)
	})
}
