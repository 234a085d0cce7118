package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

const commentPath = "/v1/community/comments/{id}"

// comments registers the routes of comments.
func (s *Server) comments() {
	tags := []string{tagCommunity}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-comments", Method: http.MethodGet, Path: postPath + "/comments", Tags: tags,
		Summary:     "List comments on a post",
		Description: "Oldest first. A deleted comment, or one the caller may not see, remains as a stub where it has replies.",
	}, s.listComments)
	rest.Register(s.API, huma.Operation{
		OperationID: "create-comment", Method: http.MethodPost, Path: postPath + "/comments", Tags: tags,
		Summary:     "Comment on a post",
		Description: "parent_comment_id makes it a reply to a comment; threads are up to 50 levels deep. Content rules and daily limits apply as for posts.",
		Errors:      []int{http.StatusConflict},
	}, s.createComment)
	rest.Register(s.API, huma.Operation{
		OperationID: "update-comment", Method: http.MethodPut, Path: commentPath, Tags: tags,
		Summary:     "Update a comment",
		Description: "For its author and administrators. The previous text is kept as an edit.",
	}, s.updateComment)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-comment", Method: http.MethodDelete, Path: commentPath, Tags: tags, Summary: "Delete a comment",
		Description: "For its author and administrators. It remains as a stub where it has replies.",
	}, deletion(s, community.DeleteComment, s.commentMatches, "The comment is deleted."))
	rest.Register(s.API, huma.Operation{
		OperationID: "list-comment-edits", Method: http.MethodGet, Path: commentPath + "/edits", Tags: tags,
		Summary:     "List edits of a comment",
		Description: "Previous texts, newest first, at most 100. For its author and administrators.",
	}, s.edits(community.CommentEdits))
	s.likable("comment", commentPath, community.LikeComment)
}

// commentView is a comment as clients see it.
type commentView struct {
	ID              uuid.UUID  `json:"id" format:"uuid"`
	PostID          uuid.UUID  `json:"post_id" format:"uuid"`
	Content         string     `json:"content" doc:"Markdown source; empty for a stub."`
	ContentHTML     *string    `json:"content_html,omitempty" doc:"The content as safe HTML; only with format=html."`
	Author          authorView `json:"author"`
	CreatedAt       time.Time  `json:"created_at"`
	UpdatedAt       time.Time  `json:"updated_at"`
	LikesCount      int        `json:"likes_count"`
	RepliesCount    int        `json:"replies_count"`
	ParentCommentID *uuid.UUID `json:"parent_comment_id" format:"uuid" nullable:"true"`
	UserLiked       bool       `json:"user_liked"`
	IsDeleted       bool       `json:"is_deleted" doc:"A stub: it keeps its replies in place and has no content."`
	Status          string     `json:"status" set:"comment_status"`
}

func (s *Server) viewComment(c community.CommentDetail, f Format) (commentView, error) {
	v := commentView{
		ID: c.ID, PostID: c.PostID, Content: c.Content, Author: viewAuthor(c.Author), CreatedAt: c.CreatedAt.UTC(), UpdatedAt: c.UpdatedAt.UTC(),
		LikesCount: c.LikesCount, RepliesCount: c.RepliesCount, ParentCommentID: c.ParentCommentID, UserLiked: c.UserLiked,
		IsDeleted: c.Stub, Status: string(c.Status),
	}
	if c.Stub {
		v.Status = string(moderation.ContentDeleted) // the actual status is not disclosed
	}
	var err error
	v.ContentHTML, err = s.asHTML(c.Content, f)
	return v, err
}

type listCommentsInput struct {
	rest.PathID
	Format
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listComments(ctx context.Context, in *listCommentsInput) (*rest.Page[commentView], error) {
	v, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	scope := []any{v.ID, in.ID}
	var fault error
	show := func(c community.CommentDetail) commentView {
		view, err := s.viewComment(c, in.Format)
		if err != nil {
			fault = err
		}
		return view
	}
	page, err := rest.List[community.CommentDetail, commentView]{
		Name: "comments", Filter: scope, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]community.CommentDetail, error) {
			return community.ListComments(ctx, s.DB, v, in.ID, after, in.Skip(), limit)
		},
		Keyset: func(c community.CommentDetail) store.Keyset { return store.Keyset{At: c.CreatedAt, ID: c.ID} },
		Show:   show,
	}.Page(ctx, s.API)
	if err == nil {
		err = fault
	}
	return page, err
}

// commentBody is a comment in a request.
type commentBody struct {
	Content         string     `json:"content" maxLength:"2000" text:"prose" doc:"Markdown"`
	ParentCommentID *uuid.UUID `json:"parent_comment_id,omitempty" format:"uuid" nullable:"true" doc:"The comment of the same post that this is a reply to"`
}

type createCommentInput struct {
	rest.PathID
	Format
	Body commentBody
}

func (s *Server) createComment(ctx context.Context, in *createCommentInput) (*rest.Tagged[commentView], error) {
	comment := community.Comment{ID: store.NewID(), PostID: in.ID, ParentCommentID: in.Body.ParentCommentID, Content: in.Body.Content}
	made, err := community.CreateComment(ctx, s.DB, s.author(ctx), comment)
	if err != nil {
		return nil, err
	}
	return s.singleComment(made, in.Format)
}

func (s *Server) singleComment(c community.CommentDetail, f Format) (*rest.Tagged[commentView], error) {
	view, err := s.viewComment(c, f)
	if err != nil {
		return nil, err
	}
	return rest.Conditional("", view)
}

type updateCommentInput struct {
	rest.PathID
	Format
	rest.Changing
	Body struct {
		Content string `json:"content" maxLength:"2000" text:"prose" doc:"Markdown"`
	}
}

// commentMatches returns a check of If-Match against the ETag of the last change's answer.
func (s *Server) commentMatches(ifMatch string) func(community.CommentDetail) error {
	return func(c community.CommentDetail) error {
		view, err := s.viewComment(c, Format{})
		if err != nil {
			return err
		}
		return rest.CheckIfMatch(ifMatch, rest.ETagOf(view))
	}
}

func (s *Server) updateComment(ctx context.Context, in *updateCommentInput) (*rest.Tagged[commentView], error) {
	changed, err := community.UpdateComment(ctx, s.DB, s.author(ctx), in.ID, in.Body.Content, s.commentMatches(in.IfMatch))
	if err != nil {
		return nil, err
	}
	return s.singleComment(changed, in.Format)
}
