package moderation

import (
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// This file is the one rule of who sees what. Content is seen by its author, and by everyone else while
// it is open: of a kind and state that others may see, neither pending nor hidden, and its author's account is
// on; and as long as neither the author nor the viewer has blocked the other. Administrators also see what
// is pending or hidden, by its id. What a viewer may not see is not found, and is in no list.
//
// The fragments of SQL take the viewer as @viewer. TestOneRuleOfWhoSeesWhat fails for a query of such content that
// goes past this file.

// Viewer is the user who reads or writes in the community.
type Viewer struct {
	ID    uuid.UUID
	Admin bool // by what Postgres says now
}

// Sees reports whether a viewer sees a post or comment of a status; apart means that one of
// viewer and author has blocked the other.
func (v Viewer) Sees(status ContentStatus, author *uuid.UUID, apart bool) bool {
	switch {
	case status == ContentDeleted:
		return false
	case v.Admin || v.Wrote(author):
		return true
	}
	return status == ContentVisible && !apart
}

// Wrote reports whether the viewer is the author; a nil author is no one.
func (v Viewer) Wrote(author *uuid.UUID) bool { return author != nil && *author == v.ID }

// MayChange returns Forbidden for content of another author.
func (v Viewer) MayChange(author *uuid.UUID, what string) error {
	if v.Admin || v.Wrote(author) {
		return nil
	}
	return store.Errorf(store.Forbidden, "This %s is somebody else's.", what)
}

// courseOpen is true when a course c is in the lists of everyone without a block either way.
func courseOpen(c string) string {
	return "course_listed(" + c + ".status, " + c + ".visibility, " + c + ".moderation_status) AND " + accounts.AccountOn(c+".owner_user_id")
}

// CourseListed is true when a course c of others is in the lists, searches and feeds of @viewer.
func CourseListed(c string) string {
	return courseOpen(c) + " AND " + accounts.NotApart(c+".owner_user_id")
}

// CourseReportable is true when @viewer may report a course c: as CourseLetsIn, but without blocks, since a user
// may report someone who has blocked them.
func CourseReportable(c string) string {
	return "(" + c + ".owner_user_id = @viewer OR " + c + ".status = 'READY' AND " + c + ".visibility <> 'private' AND " +
		c + ".moderation_status = 'visible' AND " + accounts.AccountOn(c+".owner_user_id") + ")"
}

// CourseLetsIn is true when a course c is @viewer's own, or one whose owner and whose moderation let them read it.
func CourseLetsIn(c string) string {
	return "(" + CourseReportable(c) + " AND NOT " + accounts.ApartFrom(c+".owner_user_id") + ")"
}

// CourseSeen is true when @viewer may read a course c, and with it its lessons and items, by its id.
func CourseSeen(c string) string {
	return "(" + CourseLetsIn(c) + " OR " + c + ".status = 'READY' AND " + c + ".visibility <> 'private' AND " + accounts.ViewerIsAdmin + ")"
}

// PartSeen is true when the course with an id lets @viewer in.
func PartSeen(course string) string {
	return "EXISTS (SELECT FROM courses whole WHERE whole.id = " + course + " AND " + CourseLetsIn("whole") + ")"
}

// PostListed is true when a post or comment p is in the lists of @viewer.
func PostListed(p string) string {
	return p + "status = 'visible' AND " + accounts.NotApart(p+"author_id")
}

// ItemOpen is true when a row f of feed_items may be shown to everyone without a block between them
// and its author, and for whom MilestoneSeen is true.
func ItemOpen(f string) string { return f + ".visible AND " + accounts.AccountOn(f+".author_id") }

// MilestoneSeen is false when a row f of feed_items says that a user has completed a course which is not in
// the lists of @viewer. Where many rows are gone through it is asked of those that were chosen: Postgres reckons
// with its cost for every row, not only for milestones, and would compile the query first.
func MilestoneSeen(f string) string {
	return "(" + f + ".content_type <> 'achievement' OR " + f + ".metadata ->> 'kind' <> 'milestone' OR " +
		"EXISTS (SELECT FROM courses done WHERE done.id = CAST(" + f + ".metadata ->> 'content_id' AS uuid) AND " + CourseListed("done") + "))"
}

// ItemListed is true when a row f of feed_items is in the feeds of @viewer.
func ItemListed(f string) string {
	return ItemOpen(f) + " AND " + MilestoneSeen(f) + " AND " + accounts.NotApart(f+".author_id")
}

// ItemSeen is true when @viewer may know of a row f of feed_items, which they have the id of.
func ItemSeen(f string) string {
	return "(" + f + ".author_id = @viewer OR " + ItemListed(f) + " OR " + PartSeen(f+".group_id") + ")"
}

// DocumentFound is true when a search of @viewer finds a row d of search_documents.
func DocumentFound(d string) string {
	return "(" + d + ".visible OR " + d + ".owner_user_id = @viewer) AND " + accounts.NotApart(d+".owner_user_id")
}
