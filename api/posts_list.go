package api

import (
	"context"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	texts "github.com/lyoapp/lyo/models/text"
)

// PostScope holds the filters that a cursor of the list is bound to.
type PostScope struct {
	PostType string `query:"post_type" set:"post_type"`
	Tags     string `query:"tags" maxLength:"600" doc:"Comma-separated; posts must have all of them."`
	Sort     string `query:"sort" set:"post_sort" default:"new"`
	Window   string `query:"window" enum:"day,week,month,year,all" default:"all" doc:"For sort=top: the age of the posts, counted from when the first page was requested."`
}

type listPostsInput struct {
	PostScope
	Format
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func windows() map[string]time.Duration {
	const day = 24 * time.Hour
	return map[string]time.Duration{"day": day, "week": 7 * day, "month": 30 * day, "year": 365 * day}
}

func (s *Server) listPosts(ctx context.Context, in *listPostsInput) (*rest.Page[postView], error) {
	user := rest.PrincipalOf(ctx).UserID
	scope := []any{user, in.PostScope}
	place, err := s.OpenRawCursor("posts", scope, in.Cursor)
	if err != nil {
		return nil, err
	}
	f := community.PostFilter{PostType: in.PostType, Tags: in.tags(), Sort: in.Sort, Offset: in.Skip(), Limit: in.Limit + 1}
	if place != nil {
		if f.After, f.Since, err = decodePostCursor(place); err != nil {
			return nil, err
		}
	} else if window, bounded := windows()[in.Window]; bounded && in.Sort == community.SortTop {
		f.Since = s.Now().Add(-window)
	}
	posts, err := community.ListPosts(ctx, s.DB, user, f)
	if err != nil {
		return nil, err
	}
	page := &rest.Page[postView]{Body: make([]postView, 0, len(posts))}
	if len(posts) > in.Limit {
		posts = posts[:in.Limit]
		last := community.CursorOf(posts[in.Limit-1], in.Sort)
		page.Link = s.NextLink(ctx, s.SealRawCursor("posts", scope, encodePostCursor(last, f.Since)))
	}
	for _, post := range posts {
		view, err := s.viewPost(post, in.Format)
		if err != nil {
			return nil, err
		}
		page.Body = append(page.Body, view)
	}
	return page, nil
}

// tags returns the requested tags.
func (in *listPostsInput) tags() (tags []string) {
	for tag := range strings.SplitSeq(in.Tags, ",") {
		if tag = texts.Trim(tag); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// postCursorBytes is the length of a cursor: since when, pinned, the time, the score, the id.
const postCursorBytes = 8 + 1 + 8 + 8 + 16

func encodePostCursor(p community.Cursor, since time.Time) []byte {
	raw := binary.BigEndian.AppendUint64(make([]byte, 0, postCursorBytes), uint64(since.UnixMicro()))
	pinned := byte(0)
	if p.Pinned {
		pinned = 1
	}
	raw = binary.BigEndian.AppendUint64(append(raw, pinned), uint64(p.At.UnixMicro()))
	raw = binary.BigEndian.AppendUint64(raw, math.Float64bits(p.Score))
	return append(raw, p.ID[:]...)
}

func decodePostCursor(raw []byte) (*community.Cursor, time.Time, error) {
	if len(raw) != postCursorBytes {
		return nil, time.Time{}, rest.Malformed("The cursor is not one of this list with this filter.")
	}
	number := func(at int) uint64 { return binary.BigEndian.Uint64(raw[at:]) }
	since := time.UnixMicro(int64(number(0))).UTC()
	return &community.Cursor{
		Pinned: raw[8] == 1, At: time.UnixMicro(int64(number(9))).UTC(), Score: math.Float64frombits(number(17)), ID: uuid.UUID(raw[25:]),
	}, since, nil
}
