package community

import (
	"context"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// The orders of a list of posts.
const (
	SortNew = "new"
	SortHot = "hot"
	SortTop = "top"
)

// Cursor is the place in a list of posts that a page ended at.
type Cursor struct {
	Pinned bool
	At     time.Time // by SortNew
	Score  float64   // by the others
	ID     uuid.UUID
}

// PostFilter narrows and orders a list of posts; zero values narrow nothing.
type PostFilter struct {
	PostType string
	Tags     []string  // all of them, in any spelling of the same text.Key
	Sort     string    // SortNew, SortHot or SortTop
	Since    time.Time // made then or later
	After    *Cursor
	Offset   int
	Limit    int
}

// ListPosts returns a page of the visible posts, pinned ones first. Posts of authors with a block
// either way are left out. It is one query: a bounded walk along an index, whose few rows are
// joined with their authors and with the viewer's likes.
func ListPosts(ctx context.Context, db *gorm.DB, viewer uuid.UUID, f PostFilter) ([]PostDetail, error) {
	sql, args := f.SQL(viewer)
	posts := make([]PostDetail, 0, f.Limit)
	batch := &pgx.Batch{}
	batch.Queue(sql, pgx.NamedArgs(args)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			s, err := scanPost(rows)
			if err != nil {
				return err
			}
			posts = append(posts, s)
		}
		return rows.Err()
	})
	return posts, store.Batch(db.WithContext(ctx), batch)
}

// SQL returns the statement of a page with its named arguments, for ListPosts and for
// tests of its cost.
func (f PostFilter) SQL(viewer uuid.UUID) (string, map[string]any) {
	args := map[string]any{"viewer": viewer}
	column := f.column()
	where := moderation.PostListed("")
	if f.PostType != "" {
		where += " AND post_type = @type"
		args["type"] = f.PostType
	}
	if len(f.Tags) > 0 {
		// As a constant, by which Postgres can distinguish rare tags from common ones.
		text, _ := json.Marshal(f.Tags) //nolint:errchkjson // texts cannot fail
		where += " AND tag_list @> text_keys(CAST(@tags AS jsonb))"
		args["tags"] = string(text)
	}
	if !f.Since.IsZero() {
		where += " AND created_at >= @since"
		args["since"] = f.Since
	}
	if f.After != nil {
		args["place"], args["id"] = any(f.After.Score), f.After.ID
		if column == "created_at" {
			args["place"] = f.After.At
		}
		// Behind the pinned posts the condition leaves is_pinned out. Postgres estimates a
		// comparison of rows by its first part, and would expect no rows below false.
		if f.After.Pinned {
			where += " AND (is_pinned, " + column + ", id) < (true, @place, @id)"
		} else {
			where += " AND NOT is_pinned AND (" + column + ", id) < (@place, @id)"
		}
	}
	// With the limit as text Postgres sees that a plan for all values is as good as one for each, and keeps it. For tags and
	// times it is not.
	limit := strconv.Itoa(f.Limit)
	if len(f.Tags) > 0 || !f.Since.IsZero() {
		limit, args["limit"] = "@limit", f.Limit
	}
	page := " ORDER BY is_pinned DESC, " + column + " DESC, id DESC LIMIT " + limit
	if f.Offset > 0 {
		page += " OFFSET @offset"
		args["offset"] = f.Offset
	}
	return "SELECT " + postColumns + " FROM (SELECT * FROM posts WHERE " + where + page + `) p
		LEFT JOIN users u ON u.id = p.author_id` + orderOfPage(column), args
}

// orderOfPage returns the order of the page's rows, which a join may lose.
func orderOfPage(column string) string {
	return " ORDER BY p.is_pinned DESC, p." + column + " DESC, p.id DESC"
}

func (f PostFilter) column() string {
	switch f.Sort {
	case SortHot:
		return "hot"
	case SortTop:
		return "top"
	}
	return "created_at"
}

// CursorOf returns the place of a post in a list by that order.
func CursorOf(s PostDetail, sort string) Cursor {
	place := Cursor{Pinned: s.IsPinned, At: s.CreatedAt, ID: s.ID}
	switch sort {
	case SortHot:
		place.Score = s.Hot
	case SortTop:
		place.Score = s.Top
	}
	return place
}
