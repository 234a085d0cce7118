package api

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/courses"
)

// sourceView is a learner's own material as clients see it, without its text.
type sourceView struct {
	ID           uuid.UUID  `json:"id" format:"uuid"`
	Kind         string     `json:"kind" enum:"pdf,markdown,text,web"`
	Title        string     `json:"title"`
	URL          *string    `json:"url" nullable:"true" doc:"The page it was read from; null for an upload."`
	MediaType    string     `json:"media_type" doc:"The media type; for a URL, the one found there."`
	SizeBytes    int64      `json:"size_bytes"`
	Words        int        `json:"words" doc:"0 until it is READY."`
	Pages        *int       `json:"pages" nullable:"true" doc:"Pages of a PDF; null until it is READY."`
	State        string     `json:"state" set:"source_state"`
	ErrorDetails *faultView `json:"error_details"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

func viewSource(s courses.Source) sourceView {
	v := sourceView{
		ID: s.ID, Kind: s.Kind, Title: s.Title, URL: s.URL, MediaType: s.MediaType, SizeBytes: s.SizeBytes,
		Words: s.Words, Pages: s.Pages, State: string(s.State), CreatedAt: s.CreatedAt.UTC(), UpdatedAt: s.UpdatedAt.UTC(),
	}
	if s.Fault != nil {
		v.ErrorDetails = &faultView{s.Fault.Code, s.Fault.Message, s.Fault.CancelledByUser}
	}
	return v
}
