package api

import (
	"context"
	"html"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
	texts "github.com/lyoapp/lyo/models/text"
)

// search registers the route that finds courses, their lessons and items, and posts.
func (s *Server) search() {
	rest.Register(s.API, huma.Operation{
		OperationID: "search", Method: http.MethodGet, Path: "/v1/feeds/search", Tags: []string{"feeds"},
		Summary: "Search content",
		Description: "Finds courses, their lessons and items, and posts; each is matched in its own language, without accents. What has all the words comes " +
			"first. Where little does, similar words in title or tags follow, with a ranking_score below 1. metadata.highlights.title and .text are HTML " +
			"with matches in mark elements and all else escaped.",
	}, s.find)
}

type findInput struct {
	Q               string `query:"q" required:"true" minLength:"1" maxLength:"200" doc:"Words as typed, the last one maybe unfinished; \"an exact phrase\", or, -without"`
	ContentType     string `query:"content_type" enum:"course,lesson,article,video,quiz,post,achievement"`
	DifficultyLevel string `query:"difficulty_level" set:"level" doc:"Posts have no level."`
	Language        string `query:"language" maxLength:"35" pattern:"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$" doc:"A language tag such as pt-BR; only its language is used."`
	Limit           int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

// Resolve reports the rule violations that the schema cannot express.
func (in *findInput) Resolve(huma.Context) []error {
	if texts.Trim(in.Q) == "" {
		return []error{&huma.ErrorDetail{Location: "query.q", Message: "must not be blank"}}
	}
	return nil
}

func (s *Server) find(ctx context.Context, in *findInput) (*rest.Body[[]feedItemView], error) {
	found, err := feed.Search(ctx, s.DB, feed.SearchQuery{
		Viewer: rest.PrincipalOf(ctx).UserID, Words: in.Q, ContentType: in.ContentType, DifficultyLevel: in.DifficultyLevel,
		Language: in.Language, Limit: in.Limit, Now: s.Now(),
	})
	if err != nil {
		return nil, err
	}
	items := make([]feedItemView, len(found))
	for i, f := range found {
		items[i] = viewFound(f)
	}
	return rest.Answer(items), nil
}

func viewFound(f feed.Found) feedItemView {
	item := feedItemView{
		ID: f.ID, ContentType: f.ContentType, Title: f.Title, Description: f.Description, ThumbnailURL: f.ThumbnailURL,
		Author:     feedAuthorView{Name: f.AuthorName, AvatarURL: f.AuthorAvatarURL},
		Engagement: engagementStats{Views: f.Views, Likes: f.Likes, Comments: f.Comments},
		CreatedAt:  f.CreatedAt.UTC(), UpdatedAt: f.UpdatedAt.UTC(), RankingScore: f.Score, Reasons: []string{reasonOf(f)},
		Metadata: map[string]any{
			"kind": f.Kind, "type": f.Type, "language": f.Language,
			"highlights": map[string]string{"title": marked(f.MarkedTitle), "text": marked(f.MarkedText)},
		},
	}
	if f.AuthorID != nil {
		item.Author.ID = *f.AuthorID
	}
	if f.CourseID != nil {
		item.Metadata["course_id"] = *f.CourseID
	}
	if f.DifficultyLevel != nil {
		item.Metadata["difficulty_level"] = *f.DifficultyLevel
	}
	if f.SourceURL != nil {
		item.Metadata["source_url"] = *f.SourceURL
	}
	return item
}

func reasonOf(f feed.Found) string {
	switch {
	case f.Alike != "":
		return "Has words like those you typed: " + f.Alike
	case f.InTitle:
		return "Your words are in the title."
	default:
		return "Your words are in the text."
	}
}

var marks = strings.NewReplacer(feed.MarkStart, "<mark>", feed.MarkEnd, "</mark>")

// marked returns a text as HTML. All of it is escaped, and only matches are elements.
func marked(text string) string { return marks.Replace(html.EscapeString(text)) }
