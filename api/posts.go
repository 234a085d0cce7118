package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/workflows/outbox"
)

const (
	postsPath = "/v1/community/posts"
	postPath  = postsPath + "/{id}"
)

// posts registers the routes of posts.
func (s *Server) posts() {
	tags := []string{tagCommunity}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-posts", Method: http.MethodGet, Path: postsPath, Tags: tags,
		Summary: "List posts",
		Description: "Pinned posts first. sort=new: newest first. hot: by reactions of distinct users (a like counts 0.5, having commented 0.8), which halve with " +
			"each day of the post's age. top: the same without the age, for posts made in the window.",
	}, s.listPosts)
	rest.Register(s.API, huma.Operation{
		OperationID: "create-post", Method: http.MethodPost, Path: postsPath, Tags: tags, Summary: "Create a post",
		Description: "A post that matches a content rule gets the status held: others see it once an administrator approves it. The daily limit rises with the " +
			"age of the account, a verified address and what others get to see. Announcements are for administrators.",
	}, s.createPost)
	rest.Register(s.API, huma.Operation{
		OperationID: "get-post", Method: http.MethodGet, Path: postPath, Tags: tags,
		Summary:     "Get a post",
		Description: "Counts each reader once in views_count. 404: it does not exist, or the caller may not see it.",
	}, s.getPost)
	rest.Register(s.API, huma.Operation{
		OperationID: "update-post", Method: http.MethodPut, Path: postPath, Tags: tags,
		Summary: "Update a post",
		Description: "For its author and administrators; pinning and announcing are for administrators. Absent or null fields stay. The previous text is kept as " +
			"an edit.",
	}, s.updatePost)
	rest.Register(s.API, huma.Operation{
		OperationID: "delete-post", Method: http.MethodDelete, Path: postPath, Tags: tags, Summary: "Delete a post",
		Description: "For its author and administrators.",
	}, deletion(s, community.DeletePost, s.postMatches, "The post is deleted."))
	rest.Register(s.API, huma.Operation{
		OperationID: "list-post-edits", Method: http.MethodGet, Path: postPath + "/edits", Tags: tags,
		Summary:     "List edits of a post",
		Description: "Previous texts, newest first, at most 100. For its author and administrators.",
	}, s.edits(community.PostEdits))
	s.likable("post", postPath, community.LikePost)
}

// Format is embedded in inputs of operations that return Markdown.
type Format struct {
	Format string `query:"format" enum:"markdown,html" default:"markdown" doc:"html: content_html is included"`
}

// reader returns the viewer of a read. The role is checked in Postgres only for sessions that claim to
// be an administrator's, so that others cost no query.
func (s *Server) reader(ctx context.Context) (moderation.Viewer, error) {
	if !rest.PrincipalOf(ctx).Has(accounts.RoleAdmin) {
		return moderation.Viewer{ID: rest.PrincipalOf(ctx).UserID}, nil
	}
	return s.viewer(ctx)
}

// viewer returns the viewer of a change, by the current row in Postgres.
func (s *Server) viewer(ctx context.Context) (moderation.Viewer, error) {
	user := rest.PrincipalOf(ctx).UserID
	admin, err := accounts.HasRole(ctx, s.DB, user, accounts.RoleAdmin)
	return moderation.Viewer{ID: user, Admin: admin}, err
}

// author returns the context in which the principal writes or changes a post or comment. Whether they are an
// administrator is read where that is done.
func (s *Server) author(ctx context.Context) community.AuthorContext {
	w := community.AuthorContext{
		Viewer: moderation.Viewer{ID: rest.PrincipalOf(ctx).UserID}, Now: s.Now(), Enqueuer: outbox.NewEnqueuer(s.Now), Entry: s.AuditEntry(ctx, "", uuid.Nil, nil),
	}
	if s.Config.Limits.On() {
		w.Allow = s.allowance
	}
	return w
}

// deciding returns the context in which the principal deletes a post or comment or decides on one.
func (s *Server) deciding(ctx context.Context) (w community.AuthorContext, err error) {
	w = s.author(ctx)
	w.Viewer, err = s.viewer(ctx)
	return w, err
}

// allowance returns the author's daily limit, by the mode of the limits.
func (s *Server) allowance(n quality.Newcomer) quality.Allowance {
	a := quality.AllowanceOf(n)
	for _, number := range []*int{&a.Posts, &a.Comments, &a.Links} {
		*number = s.Config.Limits.Effective(config.Rate{Quota: *number}).Quota
	}
	return a
}

type createPostInput struct {
	Format
	Body newPostBody
}

func (s *Server) createPost(ctx context.Context, in *createPostInput) (*rest.Tagged[postView], error) {
	made, err := community.CreatePost(ctx, s.DB, s.author(ctx), in.Body.post())
	if err != nil {
		return nil, err
	}
	return s.singlePost("", made, in.Format)
}

type getPostInput struct {
	rest.PathID
	Format
	rest.Reading
}

func (s *Server) getPost(ctx context.Context, in *getPostInput) (*rest.Tagged[postView], error) {
	v, err := s.reader(ctx)
	if err != nil {
		return nil, err
	}
	post, err := community.ReadPost(ctx, s.DB, v, in.ID, s.Now())
	if err != nil {
		return nil, err
	}
	return s.singlePost(in.IfNoneMatch, post, in.Format)
}

func (s *Server) singlePost(ifNoneMatch string, post community.PostDetail, f Format) (*rest.Tagged[postView], error) {
	view, err := s.viewPost(post, f)
	if err != nil {
		return nil, err
	}
	return rest.Conditional(ifNoneMatch, view)
}

type updatePostInput struct {
	rest.PathID
	Format
	rest.Changing
	Body postChangeBody
}

func (s *Server) updatePost(ctx context.Context, in *updatePostInput) (*rest.Tagged[postView], error) {
	post, err := community.UpdatePost(ctx, s.DB, s.author(ctx), in.ID, in.Body.change(), s.postMatches(in.IfMatch))
	if err != nil {
		return nil, err
	}
	return s.singlePost("", post, in.Format)
}

// postMatches returns a check of If-Match against the ETag of either format.
func (s *Server) postMatches(ifMatch string) func(community.PostDetail) error {
	return func(post community.PostDetail) error {
		view, err := s.viewPost(post, Format{})
		if err != nil || ifMatch == "" || rest.CheckIfMatch(ifMatch, rest.ETagOf(view)) == nil {
			return err
		}
		if view, err = s.viewPost(post, Format{formatHTML}); err != nil {
			return err
		}
		return rest.CheckIfMatch(ifMatch, rest.ETagOf(view))
	}
}

// done is the answer of an operation that has no other result.
type done struct {
	Message string `json:"message"`
}

type deleteInput struct {
	rest.PathID
	rest.Changing
}

// deletion returns the handler that deletes a post or a comment, if it is the version of If-Match.
func deletion[T any](s *Server, remove func(context.Context, *gorm.DB, community.AuthorContext, uuid.UUID, func(T) error) error,
	matches func(ifMatch string) func(T) error, message string,
) func(context.Context, *deleteInput) (*rest.Body[done], error) {
	return func(ctx context.Context, in *deleteInput) (*rest.Body[done], error) {
		w, err := s.deciding(ctx)
		if err != nil {
			return nil, err
		}
		if err := remove(ctx, s.DB, w, in.ID, matches(in.IfMatch)); err != nil {
			return nil, err
		}
		return rest.Answer(done{message}), nil
	}
}

// edits returns the handler that lists the earlier versions of a post or a comment.
func (s *Server) edits(list func(context.Context, *gorm.DB, moderation.Viewer, uuid.UUID) ([]community.ContentEdit, error)) func(context.Context, *rest.PathID) (*rest.Body[[]editView], error) {
	return func(ctx context.Context, in *rest.PathID) (*rest.Body[[]editView], error) {
		v, err := s.reader(ctx)
		if err != nil {
			return nil, err
		}
		edits, err := list(ctx, s.DB, v, in.ID)
		if err != nil {
			return nil, err
		}
		return rest.Answer(viewEdits(edits)), nil
	}
}
