package api

import (
	"time"

	"github.com/google/uuid"
)

// feedItem is a thing in a feed or a list of finds as clients see it.
type feedItem struct {
	ID              uuid.UUID      `json:"id"`
	ContentType     string         `json:"content_type" enum:"course,lesson,article,video,quiz,post,achievement"`
	Title           string         `json:"title"`
	Description     string         `json:"description"`
	ThumbnailURL    *string        `json:"thumbnail_url"`
	Author          *feedAuthor    `json:"author" doc:"null: the account was deleted, or nobody's"`
	EngagementStats feedEngagement `json:"engagement_stats"`
	CreatedAt       time.Time      `json:"created_at"`
	UpdatedAt       time.Time      `json:"updated_at"`
	Metadata        map[string]any `json:"metadata"`
	RankingScore    float64        `json:"ranking_score"`
	Reasons         []string       `json:"reasons" nullable:"false"`
}

// feedAuthor is who made it.
type feedAuthor struct {
	ID        uuid.UUID `json:"id"`
	Name      string    `json:"name"`
	AvatarURL *string   `json:"avatar_url"`
}

// feedEngagement counts what people did with it.
type feedEngagement struct {
	Views    int `json:"views"`
	Likes    int `json:"likes"`
	Comments int `json:"comments"`
	Shares   int `json:"shares"`
}
