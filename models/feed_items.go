package models

import (
	"database/sql/driver"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// Words is a Postgres array of texts.
type Words []string

// arrayReaders are kept, since each knows all types and how to read them.
var arrayReaders = sync.Pool{New: func() any { return pgtype.NewMap() }}

// Scan reads what the driver gives.
func (w *Words) Scan(value any) error {
	reader := arrayReaders.Get().(*pgtype.Map) //nolint:forcetypeassert,errcheck // nothing else is in there
	defer arrayReaders.Put(reader)
	return reader.SQLScanner((*[]string)(w)).Scan(value)
}

var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Value writes an array literal.
func (w Words) Value() (driver.Value, error) {
	quoted := make([]string, len(w))
	for i, word := range w {
		quoted[i] = `"` + inQuotes.Replace(word) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}", nil
}

// FeedItem is a thing that can stand in a feed. Triggers of the schema keep it in step with
// the post, course, lesson, item or deed it is made of.
type FeedItem struct {
	ID              uuid.UUID `gorm:"type:uuid;primaryKey"`
	ContentType     string
	GroupID         uuid.UUID  `gorm:"type:uuid"` // the course it belongs to, else itself
	AuthorID        *uuid.UUID `gorm:"type:uuid"`
	Title           string
	Description     string
	ThumbnailURL    *string `gorm:"column:thumbnail_url"`
	Skills          Words   `gorm:"type:text[]"` // what it teaches: whole tags
	Terms           Words   `gorm:"type:text[]"` // single words to match by
	DifficultyLevel string  // "": none
	Language        string
	Quality         *float64
	Minutes         int
	Visible         bool
	ViewsCount      int // of posts, the post's own row has the first two
	LikesCount      int
	SharesCount     int
	Metadata        map[string]any `gorm:"type:jsonb;serializer:json"`
	PublishedAt     time.Time
	UpdatedAt       time.Time
}

// Engagement is that a user did something with a thing: every kind of deed once, the
// last time counting.
type Engagement struct {
	UserID   uuid.UUID      `gorm:"type:uuid;primaryKey"`
	ItemID   uuid.UUID      `gorm:"type:uuid;primaryKey"`
	Action   string         `gorm:"primaryKey"`
	Metadata map[string]any `gorm:"type:jsonb;serializer:json"`
	At       time.Time
}

// TrendingItem is how much a thing trended when that was counted last.
type TrendingItem struct {
	ItemID      uuid.UUID `gorm:"type:uuid;primaryKey"`
	ContentType string
	Score       float64
	People      int
	LastAt      time.Time
	CountedAt   time.Time
}

// TableName is an adjective: it is what there is of it.
func (TrendingItem) TableName() string { return "trending" }

// FeedSnapshot is a ranked feed as somebody scrolls through it.
type FeedSnapshot struct {
	ID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID    uuid.UUID `gorm:"type:uuid"`
	Entries   []byte    // see FeedRanking.Pack
	MadeAt    time.Time
	ExpiresAt time.Time
}

// LearningProfile is what a learner says of themselves; nil where they said nothing.
type LearningProfile struct {
	UserID          uuid.UUID `gorm:"type:uuid;primaryKey"`
	Interests       []string  `gorm:"type:jsonb;serializer:json"`
	Level           *string
	CompletedTopics []string           `gorm:"type:jsonb;serializer:json"`
	Skills          map[string]float64 `gorm:"type:jsonb;serializer:json"` // mastery 0 to 1 by skill
	UpdatedAt       time.Time
}

// FeedCuration is the picks of a day for a user.
type FeedCuration struct {
	UserID    uuid.UUID  `gorm:"type:uuid;primaryKey"`
	Day       string     `gorm:"primaryKey"` // UTC
	Picks     []FeedPick `gorm:"type:jsonb;serializer:json"`
	OrderedBy string     // OrderedByScore or OrderedByModel
	Note      string     // in words for the learner
	MadeAt    time.Time
}

// FeedPick is one pick, and why.
type FeedPick struct {
	ID      uuid.UUID `json:"id"`
	Score   float64   `json:"score"`
	Reasons []string  `json:"reasons"`
}

// Who ordered a curation.
const (
	OrderedByScore = "score"
	OrderedByModel = "model"
)

// ContentCheck is what can be told of a thing's quality, and of its link.
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
