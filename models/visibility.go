package models

import (
	"github.com/google/uuid"
	"gorm.io/gorm"
)

// This file is the one rule of who sees what. A thing is seen by its author, and by everybody else while
// it is open: of a kind and state that others may see, neither held nor hidden, and its author's account is
// on; and as long as neither the author nor the viewer has blocked the other. Administrators also see what
// is held or hidden, by its id. What one does not see is not found, and is in no list.
//
// The fragments of SQL take the viewer as @viewer. TestOneRuleOfWhoSeesWhat fails for a query of such things that
// goes past this file.

// Viewer is who reads or writes in the community.
type Viewer struct {
	ID    uuid.UUID
	Admin bool // by what Postgres says now
}

// sees reports whether a viewer sees a post or comment of a status; apart tells that one of
// viewer and author has blocked the other.
func (v Viewer) sees(status ContentStatus, author *uuid.UUID, apart bool) bool {
	switch {
	case status == ContentDeleted:
		return false
	case v.Admin || v.wrote(author):
		return true
	}
	return status == ContentVisible && !apart
}

func (v Viewer) wrote(author *uuid.UUID) bool { return author != nil && *author == v.ID }

// blockedSQL is whom @viewer has blocked, and by whom they are blocked.
const blockedSQL = `SELECT blocked_id AS user_id FROM blocks WHERE blocker_id = @viewer UNION ALL SELECT blocker_id FROM blocks WHERE blocked_id = @viewer`

// notApart is true unless one of @viewer and a person has blocked the other; person may be NULL. The blocks
// are read once a query, so that a walk along an index stays one.
func notApart(person string) string {
	return "(" + person + " IS NULL OR " + person + " <> ALL (ARRAY(" + blockedSQL + ")))"
}

// apartFrom is true if one of @viewer and a person has blocked the other: for queries of few rows.
func apartFrom(person string) string {
	return "EXISTS (SELECT FROM blocks b WHERE b.blocker_id = @viewer AND b.blocked_id = " + person + " OR b.blocker_id = " + person + " AND b.blocked_id = @viewer)"
}

// Apart reports whether one of two users has blocked the other.
func Apart(tx *gorm.DB, viewer, person uuid.UUID) (apart bool, err error) {
	err = tx.Raw("SELECT "+apartFrom("@person"), map[string]any{"viewer": viewer, "person": person}).Scan(&apart).Error
	return apart, err
}

// isOn is true if the account of the joined row u of users is on.
func isOn(u string) string { return u + ".is_active" }

// accountOn is true if the account of a person is on.
func accountOn(person string) string {
	return "EXISTS (SELECT FROM users account WHERE account.id = " + person + " AND " + isOn("account") + ")"
}

// viewerIsAdmin is true if @viewer is an administrator at this moment.
const viewerIsAdmin = `EXISTS (SELECT FROM users viewer WHERE viewer.id = @viewer AND viewer.is_active AND viewer.roles @> '["admin"]')`

// courseOpen is true if a course c is in the lists of anybody but those it is kept apart from.
func courseOpen(c string) string {
	return "course_listed(" + c + ".status, " + c + ".visibility, " + c + ".moderation_status) AND " + accountOn(c+".owner_user_id")
}

// courseListed is true if a course c of others is in the lists, searches and feeds of @viewer.
func courseListed(c string) string { return courseOpen(c) + " AND " + notApart(c+".owner_user_id") }

// courseReportable is true if @viewer may complain of a course c: as courseLetsIn, but for blocks, since one
// can be blocked by whom one complains of.
func courseReportable(c string) string {
	return "(" + c + ".owner_user_id = @viewer OR " + c + ".status = 'READY' AND " + c + ".visibility <> 'private' AND " +
		c + ".moderation_status = 'visible' AND " + accountOn(c+".owner_user_id") + ")"
}

// courseLetsIn is true if a course c is @viewer's own, or one whose owner and whose moderation let them read it.
func courseLetsIn(c string) string {
	return "(" + courseReportable(c) + " AND NOT " + apartFrom(c+".owner_user_id") + ")"
}

// courseSeen is true if @viewer may read a course c, and with it its lessons and items, by its id.
func courseSeen(c string) string {
	return "(" + courseLetsIn(c) + " OR " + c + ".status = 'READY' AND " + c + ".visibility <> 'private' AND " + viewerIsAdmin + ")"
}

// partSeen is true if the course with an id lets @viewer in.
func partSeen(course string) string {
	return "EXISTS (SELECT FROM courses whole WHERE whole.id = " + course + " AND " + courseLetsIn("whole") + ")"
}

// postListed is true if a post or comment p is in the lists of @viewer.
func postListed(p string) string { return p + "status = 'visible' AND " + notApart(p+"author_id") }

// itemOpen is true if a row f of feed_items may be shown to anybody but those its author is kept apart
// from, and those whom milestoneSeen is false for.
func itemOpen(f string) string { return f + ".visible AND " + accountOn(f+".author_id") }

// milestoneSeen is false if a row f of feed_items says that somebody has completed a course which is not in
// the lists of @viewer. Where many rows are gone through it is asked of those that were chosen: Postgres reckons
// with its cost for every row, not only for milestones, and would compile the query first.
func milestoneSeen(f string) string {
	return "(" + f + ".content_type <> 'achievement' OR " + f + ".metadata ->> 'kind' <> 'milestone' OR " +
		"EXISTS (SELECT FROM courses done WHERE done.id = CAST(" + f + ".metadata ->> 'content_id' AS uuid) AND " + courseListed("done") + "))"
}

// itemListed is true if a row f of feed_items is in the feeds of @viewer.
func itemListed(f string) string {
	return itemOpen(f) + " AND " + milestoneSeen(f) + " AND " + notApart(f+".author_id")
}

// itemSeen is true if @viewer may know of a row f of feed_items, which they have the id of.
func itemSeen(f string) string {
	return "(" + f + ".author_id = @viewer OR " + itemListed(f) + " OR " + partSeen(f+".group_id") + ")"
}

// documentFound is true if a search of @viewer finds a row d of search_documents.
func documentFound(d string) string {
	return "(" + d + ".visible OR " + d + ".owner_user_id = @viewer) AND " + notApart(d+".owner_user_id")
}
