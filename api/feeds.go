package api

import (
	"context"
	"encoding/binary"
	"maps"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/ranking"
)

const tagFeeds = "feeds"

// feeds registers the routes of feeds, except search.
func (s *Server) feeds() {
	tags := []string{tagFeeds}
	rest.Register(s.API, huma.Operation{
		OperationID: "get-feed", Method: http.MethodGet, Path: "/v1/feeds", Tags: tags,
		Summary: "Get a feed",
		Description: "The feed is ranked when its first page is requested. A cursor continues that ranking for 15 minutes, without repetitions or gaps; after " +
			"that the feed starts anew with another refresh_timestamp. A feed has up to 600 items.",
	}, s.feed)
	rest.Register(s.API, huma.Operation{
		OperationID: "list-trending", Method: http.MethodGet, Path: "/v1/feeds/trending", Tags: tags,
		Summary:     "List trending content",
		Description: "What many users interact with, at most 50 items.",
	}, s.trending)
	rest.Register(s.API, huma.Operation{
		OperationID: "list-recommendations", Method: http.MethodGet, Path: "/v1/feeds/recommendations", Tags: tags,
		Summary:     "List recommendations",
		Description: "Excludes what the caller has seen.",
	}, s.recommendations)
	rest.Register(s.API, huma.Operation{
		OperationID: "get-learning-path", Method: http.MethodGet, Path: "/v1/feeds/learning-path", Tags: tags,
		Summary:     "Get a learning path",
		Description: "Courses for the given skills, in the order to take them. Completed courses are left out.",
	}, s.learningPath)
	rest.Register(s.API, huma.Operation{
		OperationID: "interact-with-item", Method: http.MethodPost, Path: "/v1/feeds/items/{id}/interact", Tags: tags,
		Summary:     "Record an interaction with an item",
		Description: "The same interaction counts once. 404: the item does not exist, or the caller may not see it. 409: it cannot be shared.",
		Errors:      []int{http.StatusConflict},
	}, s.interact)
	rest.Register(s.API, huma.Operation{
		OperationID: "interact-with-items", Method: http.MethodPost, Path: "/v1/feeds/interactions", Tags: tags,
		Summary:     "Record interactions with many items",
		Description: "All in one transaction. Items that the caller may not see are reported as not_found.",
		Errors:      []int{http.StatusConflict},
	}, s.interactAll)
}

type feedInput struct {
	FeedType string `query:"feed_type" set:"feed_type" default:"personalized"`
	Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
	Cursor   string `query:"cursor" most:"512" doc:"next_cursor of the previous page"`
}

type feedOutput struct {
	Link string `header:"Link" doc:"URL of the next page, rel=next; absent on the last page"`
	Body feedView
}

type feedView struct {
	FeedType        string         `json:"feed_type" set:"feed_type"`
	Items           []feedItemView `json:"items" nullable:"false"`
	TotalCount      int            `json:"total_count" doc:"Number of items in the ranking."`
	NextCursor      *string        `json:"next_cursor" nullable:"true"`
	NextCursorAgain *string        `json:"nextCursor" nullable:"true" doc:"The same as next_cursor, for existing clients."`
	HasMore         bool           `json:"has_more"`
	RefreshedAt     time.Time      `json:"refresh_timestamp" doc:"When the ranking was made."`
}

// feedItemView is an item of a feed, one shape for every kind.
type feedItemView struct {
	ID           uuid.UUID       `json:"id" format:"uuid"`
	ContentType  string          `json:"content_type" enum:"course,lesson,article,video,quiz,post,achievement"`
	Title        string          `json:"title"`
	Description  string          `json:"description"`
	ThumbnailURL *string         `json:"thumbnail_url" nullable:"true"`
	Author       feedAuthorView  `json:"author"`
	Engagement   engagementStats `json:"engagement_stats"`
	CreatedAt    time.Time       `json:"created_at"`
	UpdatedAt    time.Time       `json:"updated_at"`
	Metadata     map[string]any  `json:"metadata" doc:"By content type, such as course_id or source_url; skills, difficulty_level, language, minutes; user_liked, user_bookmarked; shared_by; quality (0 to 1) and, separately, model_opinion."`
	RankingScore float64         `json:"ranking_score" doc:"Never increases from one item to the next."`
	Reasons      []string        `json:"reasons" nullable:"false" doc:"Why the item is in the feed, and what its rank is based on."`
}

type feedAuthorView struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Name      string    `json:"name"`
	AvatarURL *string   `json:"avatar_url" nullable:"true"`
}

type engagementStats struct {
	Views    int `json:"views"`
	Likes    int `json:"likes"`
	Comments int `json:"comments"`
	Shares   int `json:"shares"`
}

func viewFeedItem(f feed.View) feedItemView {
	v := feedItemView{
		ID: f.ID, ContentType: f.ContentType, Title: f.Title, Description: f.Description, ThumbnailURL: f.ThumbnailURL,
		Author:     feedAuthorView{Name: f.AuthorName, AvatarURL: f.AuthorAvatar},
		Engagement: engagementStats{f.Views, f.Likes, f.Comments, f.SharesCount},
		CreatedAt:  f.PublishedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(), Metadata: feedMetadata(f), RankingScore: f.Score, Reasons: rest.ListOf(f.Reasons),
	}
	if f.AuthorID != nil {
		v.Author.ID = *f.AuthorID
	}
	return v
}

// feedMetadata returns the metadata of the item's kind and the metadata common to all kinds.
func feedMetadata(f feed.View) map[string]any {
	m := map[string]any{"skills": rest.ListOf([]string(f.Skills)), "user_liked": f.Liked, "user_bookmarked": f.Bookmarked}
	maps.Copy(m, f.Metadata)
	add := func(key string, value any, has bool) {
		if has {
			m[key] = value
		}
	}
	add("difficulty_level", f.DifficultyLevel, f.DifficultyLevel != "")
	add("language", f.Language, f.Language != "")
	add("minutes", f.Minutes, f.Minutes > 0)
	add("quality", f.Quality, f.Quality != nil)
	add("quality", f.CheckedTotal, f.CheckedTotal != nil)
	add("model_opinion", f.ModelOpinion, f.ModelOpinion != nil)
	if f.SharedByID != nil && f.SharedAt != nil {
		m["shared_by"] = map[string]any{"id": f.SharedByID, "name": f.SharedByName, "at": f.SharedAt.UTC()}
	}
	return m
}

func (s *Server) feed(ctx context.Context, in *feedInput) (*feedOutput, error) {
	user := rest.PrincipalOf(ctx).UserID
	scope := []any{user, in.FeedType}
	place, err := s.OpenRawCursor("feed", scope, in.Cursor)
	if err != nil {
		return nil, err
	}
	scroll, err := s.scroll(ctx, user, feed.Type(in.FeedType), place)
	if err != nil {
		return nil, err
	}
	total := len(scroll.ranking)
	part := scroll.ranking[min(scroll.at, total):min(scroll.at+in.Limit, total)]
	shown, err := feed.ShowFeed(ctx, s.DB, user, part)
	if err != nil {
		return nil, err
	}
	out := &feedOutput{Body: feedView{
		FeedType: in.FeedType, Items: make([]feedItemView, 0, len(shown)), TotalCount: total, RefreshedAt: scroll.made.UTC(),
		HasMore: scroll.at+in.Limit < total,
	}}
	for _, f := range shown {
		out.Body.Items = append(out.Body.Items, viewFeedItem(f))
	}
	if !out.Body.HasMore {
		return out, nil
	}
	if err := s.pin(ctx, user, scroll); err != nil {
		return nil, err
	}
	cursor := s.SealRawCursor("feed", scope, binary.BigEndian.AppendUint32(scroll.id[:], uint32(scroll.at+in.Limit)))
	out.Body.NextCursor, out.Body.NextCursorAgain = &cursor, &cursor
	out.Link = s.NextLink(ctx, cursor)
	return out, nil
}

// feedList is an array of feed items.
type feedList struct{ Body []feedItemView }

func (s *Server) feedList(ctx context.Context, ranking feed.Ranking, limit int) (*feedList, error) {
	shown, err := feed.ShowFeed(ctx, s.DB, rest.PrincipalOf(ctx).UserID, ranking[:min(limit, len(ranking))])
	out := &feedList{make([]feedItemView, 0, len(shown))}
	for _, f := range shown {
		out.Body = append(out.Body, viewFeedItem(f))
	}
	return out, err
}

type trendingInput struct {
	ContentType string `query:"content_type" enum:"course,lesson,article,video,quiz,post,achievement"`
	Timeframe   int    `query:"timeframe" minimum:"1" maximum:"30" default:"7" doc:"In days; items without interactions for longer are left out."`
	Limit       int    `query:"limit" minimum:"1" maximum:"50" default:"50"`
}

func (s *Server) trending(ctx context.Context, in *trendingInput) (*feedList, error) {
	ranking, err := feed.TrendingNow(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ContentType, in.Timeframe, s.Now(), in.Limit)
	if err != nil {
		return nil, err
	}
	return s.feedList(ctx, ranking, in.Limit)
}

type recommendationsInput struct {
	Limit    int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
	Strategy string `query:"strategy" set:"strategy" doc:"Absent: the day's picks, then personalized items. Items that the strategy cannot rate come last."`
}

func (s *Server) recommendations(ctx context.Context, in *recommendationsInput) (*feedList, error) {
	ranking, err := feed.RecommendBest(ctx, s.DB, rest.PrincipalOf(ctx).UserID, ranking.Strategy(in.Strategy), s.Now())
	if err != nil {
		return nil, err
	}
	return s.feedList(ctx, ranking, in.Limit)
}
