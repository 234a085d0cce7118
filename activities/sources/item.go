package sources

import (
	"context"
	"time"
)

// The names of the sites.
const (
	Wikipedia   = "wikipedia"
	Wikibooks   = "wikibooks"   // for Articles only
	Wikiversity = "wikiversity" // for Articles only
	OpenLibrary = "openlibrary"
	ArXiv       = "arxiv"
	ITunes      = "itunes"
	YouTube     = "youtube"
)

// The types of items.
const (
	TypeArticle = "article"
	TypeEbook   = "ebook"
	TypePDF     = "pdf"
	TypePodcast = "podcast"
	TypeVideo   = "video"
)

// Query is a search for content.
type Query struct {
	Topic    string `json:"topic"`
	Lesson   string `json:"lesson"`   // a lesson's title, may be empty
	Language string `json:"language"` // BCP 47; en by default
	Level    string `json:"level"`    // beginner, intermediate, advanced, expert; may be empty
	Limit    int    `json:"limit"`    // items requested from each site, 1 to 10; 5 by default
}

// Item is one thing to read, hear or watch. Texts are plain, without HTML, and bounded.
type Item struct {
	Type         string `json:"type"`
	Title        string `json:"title"`
	Source       string `json:"source"` // the site's name
	SourceURL    string `json:"source_url"`
	ThumbnailURL string `json:"thumbnail_url,omitempty"`

	DurationSec   *int   `json:"duration_sec,omitempty"`
	Pages         *int   `json:"pages,omitempty"`
	WordCount     *int   `json:"word_count,omitempty"`
	FileSizeBytes *int64 `json:"file_size_bytes,omitempty"`

	Summary     string   `json:"summary,omitempty"`
	Attribution string   `json:"attribution"` // never empty
	License     string   `json:"license"`     // never empty
	Tags        []string `json:"tags,omitempty"`
	Language    string   `json:"language,omitempty"` // BCP 47; empty if the site does not give it

	IsFree bool `json:"is_free"` // open to everyone at once
	// RequiresSubscription means that an account is needed; Open Library's costs nothing.
	RequiresSubscription bool       `json:"requires_subscription"`
	ExternalID           string     `json:"external_id"` // the site's own
	PublishedAt          *time.Time `json:"published_at,omitempty"`
	Relevance            float64    `json:"relevance"` // 0 to 1, words in common with the query
}

// Provider is one site. Find queries it once, within ctx; a repeat is harmless.
type Provider interface {
	Name() string
	Find(ctx context.Context, q Query) ([]Item, error)
}

// State is the outcome of querying a site.
type State string

// The states of an Outcome.
const (
	Found       State = "found"
	None        State = "none"        // it answered, with nothing usable
	Unreachable State = "unreachable" // no answer, or an invalid one
	Limited     State = "limited"     // the site's limit, or Lyo's own for it, is reached
	Off         State = "off"         // not queried, by configuration or for this kind of course
)

// Outcome is the result of querying one site. Reason is a sentence for learners, empty when
// items were found.
type Outcome struct {
	Name   string `json:"name"`
	State  State  `json:"state"`
	Count  int    `json:"count"`
	Cached bool   `json:"cached"`
	Reason string `json:"reason,omitempty"`
}

// Report is the result of Find: items, the most relevant first, and the outcome of each
// site that has items, in the order of the constants above.
type Report struct {
	Items     []Item    `json:"items"`
	Providers []Outcome `json:"providers"`
}

// Note returns a sentence for learners when there is no item, else empty.
func (r Report) Note() string {
	if len(r.Items) > 0 {
		return ""
	}
	reached, asked := false, false
	for _, p := range r.Providers {
		reached = reached || p.State == None || p.State == Found
		asked = asked || p.State != Off
	}
	switch {
	case !asked:
		return "No outside sources were asked, so this course is made of its own texts."
	case reached:
		return "The outside sources have nothing that fits this topic, so this course is made of its own texts."
	default:
		return "No outside source could be reached, so this course is made of its own texts."
	}
}
