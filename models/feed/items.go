package feed

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/store"
)

// Item is an item of feeds. Triggers of the schema keep it in sync with the post,
// course, lesson, item or feed entry it is made from.
type Item struct {
	ID              uuid.UUID `gorm:"type:uuid;primaryKey"`
	ContentType     string
	GroupID         uuid.UUID  `gorm:"type:uuid"` // the course it belongs to, else itself
	AuthorID        *uuid.UUID `gorm:"type:uuid"`
	Title           string
	Description     string
	ThumbnailURL    *string     `gorm:"column:thumbnail_url"`
	Skills          store.Words `gorm:"type:text[]"` // taught skills: whole tags
	Terms           store.Words `gorm:"type:text[]"` // single words for matching
	DifficultyLevel string      // "": none
	Language        string
	Quality         *float64
	Minutes         int
	Visible         bool
	ViewsCount      int // of posts, the post's own row has the first two
	LikesCount      int
	SharesCount     int
	Metadata        store.Object `gorm:"type:jsonb;serializer:json"`
	PublishedAt     time.Time
	UpdatedAt       time.Time
}

// TableName returns the table's name.
func (Item) TableName() string { return "feed_items" }

// TrendingItem is the last trending score of an item.
type TrendingItem struct {
	ItemID      uuid.UUID `gorm:"type:uuid;primaryKey"`
	ContentType string
	Score       float64
	People      int
	LastAt      time.Time
	CountedAt   time.Time
}

// TableName returns trending: the table has no plural.
func (TrendingItem) TableName() string { return "trending" }

// Snapshot is a ranked feed, kept while a user scrolls through it.
type Snapshot struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid"`
	Entries   []byte    // see Ranking.Pack
	MadeAt    time.Time
	ExpiresAt time.Time
}

// TableName returns the table's name.
func (Snapshot) TableName() string { return "feed_snapshots" }

// LearningProfile is what a learner has stated; nil fields were not stated.
type LearningProfile struct {
	UserID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	Interests       []string  `gorm:"type:jsonb;serializer:json"`
	Level           *string
	CompletedTopics []string           `gorm:"type:jsonb;serializer:json"`
	Skills          map[string]float64 `gorm:"type:jsonb;serializer:json"` // mastery 0 to 1 by skill
	UpdatedAt       time.Time
}

// Curation is the picks of a day for a user.
type Curation struct {
	UserID    uuid.UUID `gorm:"type:uuid;primaryKey"`
	Day       string    `gorm:"primaryKey"` // UTC
	Picks     []Pick    `gorm:"type:jsonb;serializer:json"`
	OrderedBy string    // OrderedByScore or OrderedByModel
	Note      string    // shown to the learner
	MadeAt    time.Time
}

// TableName returns the table's name.
func (Curation) TableName() string { return "feed_curations" }

// Pick is one pick, with its reason.
type Pick struct {
	ID      uuid.UUID `json:"id"`
	Score   float64   `json:"score"`
	Reasons []string  `json:"reasons"`
}

// The origins of a curation's order.
const (
	OrderedByScore = "score"
	OrderedByModel = "model"
)

// ContentCheck is the measured quality of an item, and the state of its link.
type ContentCheck struct {
	ItemID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	Readability   float64
	Length        float64
	Structure     float64
	Originality   float64
	Total         float64
	DuplicateOf   *uuid.UUID `gorm:"type:uuid"`
	LinkState     string
	LinkFailures  int // in a row
	LinkCheckedAt *time.Time
	ModelOpinion  *float64 // apart from the total
	CheckedAt     *time.Time
}
