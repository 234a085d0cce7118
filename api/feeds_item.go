package api

import (
	"time"

	"github.com/google/uuid"
)

// feedItemView is a thing of a feed, one shape for every kind.
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
	Metadata     map[string]any  `json:"metadata" doc:"What belongs to the kind of thing, such as course_id or source_url; skills, difficulty_level, language, minutes; user_liked, user_bookmarked; shared_by; quality (0 to 1) and, apart from it, model_opinion."`
	RankingScore float64         `json:"ranking_score" doc:"Never rises from item to item."`
	Reasons      []string        `json:"reasons" nullable:"false" doc:"Why it is there, and what its order is by."`
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
