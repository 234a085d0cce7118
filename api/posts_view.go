package api

import (
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
)

// formatHTML asks for content_html.
const formatHTML = "html"

// authorView is the author of a post or comment.
type authorView struct {
	ID        *uuid.UUID `json:"id" format:"uuid" nullable:"true" doc:"null: the account was deleted."`
	Name      string     `json:"name"`
	AvatarURL *string    `json:"avatar_url" nullable:"true"`
}

func viewAuthor(b accounts.Author) authorView { return authorView{b.ID, b.Name, b.AvatarURL} }

// postView is a post as clients see it.
type postView struct {
	ID            uuid.UUID               `json:"id" format:"uuid"`
	Title         string                  `json:"title"`
	Content       string                  `json:"content" doc:"Markdown source: show content_html, or use a Markdown renderer that lets no HTML through."`
	ContentHTML   *string                 `json:"content_html,omitempty" doc:"The content as safe HTML; only with format=html."`
	PostType      string                  `json:"post_type" set:"post_type"`
	Author        authorView              `json:"author"`
	Tags          rest.JSON[[]string]     `json:"tags" nullable:"false"`
	CreatedAt     time.Time               `json:"created_at"`
	UpdatedAt     time.Time               `json:"updated_at"`
	LikesCount    int                     `json:"likes_count"`
	CommentsCount int                     `json:"comments_count"`
	ViewsCount    int                     `json:"views_count"`
	IsPinned      bool                    `json:"is_pinned"`
	UserLiked     bool                    `json:"user_liked"`
	Metadata      rest.JSON[store.Object] `json:"metadata"`
	Status        string                  `json:"status" set:"content_status" doc:"Only visible posts are seen by others. held: awaiting review by an administrator."`
}

func (s *Server) viewPost(p community.PostDetail, f Format) (postView, error) {
	v := postView{
		ID: p.ID, Title: p.Title, Content: p.Content, PostType: p.PostType, Author: viewAuthor(p.Author),
		Tags: rest.JSON[[]string](p.TagsJSON), CreatedAt: p.CreatedAt.UTC(), UpdatedAt: p.UpdatedAt.UTC(), LikesCount: p.LikesCount,
		CommentsCount: p.CommentsCount, ViewsCount: p.ViewsCount, IsPinned: p.IsPinned, UserLiked: p.UserLiked,
		Metadata: rest.JSON[store.Object](p.MetadataJSON), Status: string(p.Status),
	}
	if p.Tags != nil {
		v.Tags = rest.Encode(p.Tags)
	}
	if p.Metadata != nil {
		v.Metadata = rest.Encode(p.Metadata)
	}
	var err error
	v.ContentHTML, err = s.asHTML(p.Content, f)
	return v, err
}

// asHTML returns a text as safe HTML, or nil when the format is not HTML.
func (s *Server) asHTML(text string, f Format) (*string, error) {
	if f.Format != formatHTML {
		return nil, nil //nolint:nilnil // HTML was not requested
	}
	html, err := s.markdown.html(text)
	return &html, err
}

// editView is an earlier version of a post or comment.
type editView struct {
	Title   string    `json:"title" doc:"Title of a post; empty for a comment."`
	Content string    `json:"content"`
	Tags    []string  `json:"tags" nullable:"false"`
	Until   time.Time `json:"until" doc:"When this version was replaced."`
}

func viewEdits(edits []community.ContentEdit) []editView {
	views := make([]editView, 0, len(edits))
	for _, e := range edits {
		views = append(views, editView{e.Title, e.Content, rest.ListOf(e.Tags), e.At.UTC()})
	}
	return views
}
