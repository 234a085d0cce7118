package api

import (
	"context"
	"encoding/hex"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/passages"
)

type getCitationInput struct {
	rest.PathID
	rest.Reading
	N        int       `path:"n" minimum:"1"`
	LessonID uuid.UUID `query:"lesson_id" format:"uuid" doc:"The lesson that has it; when absent, the first lesson with a citation of this number."`
}

// citationDetail is a citation with the passage around it. Offsets count characters (Unicode code points).
type citationDetail struct {
	QuotedView

	LessonID uuid.UUID    `json:"lesson_id" format:"uuid"`
	Passage  *passageView `json:"passage,omitempty" doc:"Absent for others where it is of the owner's own material."`
}

// passageView is a passage of a snapshot.
type passageView struct {
	ID          uuid.UUID `json:"id" format:"uuid"`
	Text        string    `json:"text"`
	Heading     string    `json:"heading" doc:"Of the section that it is in; empty without one."`
	Start       int       `json:"start" doc:"Where the passage begins in the snapshot's text, in characters (Unicode code points) from 0."`
	End         int       `json:"end"`
	QuoteStart  int       `json:"quote_start" doc:"Where the quote begins in the snapshot's text, counted likewise."`
	QuoteEnd    int       `json:"quote_end" doc:"A quote may end in a later passage."`
	SHA256      string    `json:"snapshot_sha256" doc:"Of the snapshot's whole text in UTF-8, in hexadecimal digits."`
	Language    string    `json:"language"`
	Attribution string    `json:"attribution"`
	FetchedAt   time.Time `json:"fetched_at" doc:"When the source read so."`
}

func (s *Server) getCitation(ctx context.Context, in *getCitationInput) (*rest.Tagged[citationDetail], error) {
	viewer := rest.PrincipalOf(ctx).UserID
	quoted, source, err := courses.FindQuotation(ctx, s.DB, viewer, in.ID, in.LessonID, in.N)
	if err != nil {
		return nil, err
	}
	view := citationDetail{QuotedView: viewQuoted([]passages.Cited{quoted})[0], LessonID: quoted.LessonID}
	if source != nil {
		view.Passage = viewPassage(*source)
	}
	return rest.Conditional(in.IfNoneMatch, view)
}

func viewPassage(s passages.Source) *passageView {
	characters := func(bytes int) int { return utf8.RuneCountInString(s.Snapshot.Content[:bytes]) }
	view := &passageView{
		ID: s.Passage.ID, Text: s.Text(), Start: characters(s.Passage.Begins), End: characters(s.Passage.Ends),
		QuoteStart: characters(s.Citation.Begins), QuoteEnd: characters(s.Citation.Ends), SHA256: hex.EncodeToString(s.Snapshot.SHA256),
		Language: s.Snapshot.Language, Attribution: s.Snapshot.Attribution, FetchedAt: s.Snapshot.FetchedAt.UTC(),
	}
	if s.Passage.Section < len(s.Snapshot.Sections) {
		view.Heading = s.Snapshot.Sections[s.Passage.Section].Heading
	}
	return view
}
