package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/models"
)

// favorites are what one can do with any course one can see.
func (s *Server) favorites() {
	tags := []string{"courses"}
	register(s, huma.Operation{
		OperationID: "favorite-course", Method: http.MethodPost, Path: "/v1/courses/{id}/favorite", Tags: tags,
		Summary: "Make a course one of one's favorites", DefaultStatus: http.StatusNoContent,
	}, s.favorite)
	register(s, huma.Operation{
		OperationID: "unfavorite-course", Method: http.MethodDelete, Path: "/v1/courses/{id}/favorite", Tags: tags,
		Summary: "Take a course out of one's favorites", DefaultStatus: http.StatusNoContent,
	}, s.unfavorite)
	register(s, huma.Operation{
		OperationID: "share-course", Method: http.MethodPost, Path: "/v1/courses/{id}/share", Tags: tags,
		Summary: "Make one's own READY course public, and show it in the feeds of others, once", DefaultStatus: http.StatusNoContent,
		Description: "Another's public course is shown in the feeds of others as shared by oneself.", Errors: []int{http.StatusConflict},
	}, s.shareCourse)
	register(s, huma.Operation{
		OperationID: "unshare-course", Method: http.MethodDelete, Path: "/v1/courses/{id}/share", Tags: tags,
		Summary: "Make one's own course private again: at once it is in no list, search or feed of others", DefaultStatus: http.StatusNoContent,
		Description: "What others have reached in it stays theirs. Another's course is no longer shown as shared by oneself.",
	}, s.unshareCourse)
}

type courseOnlyInput struct{ CourseID }

func (s *Server) favorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.SetFavorite(ctx, s.DB, principal(ctx).UserID, in.ID, true, s.now())
}

func (s *Server) unfavorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.SetFavorite(ctx, s.DB, principal(ctx).UserID, in.ID, false, s.now())
}

type shareInput struct {
	CourseID
	Body *ConfirmRights
}

func (s *Server) shareCourse(ctx context.Context, in *shareInput) (*struct{}, error) {
	confirmed := in.Body != nil && in.Body.confirmed()
	return nil, models.ShareCourse(ctx, s.DB, principal(ctx).UserID, in.ID, confirmed, s.now())
}

func (s *Server) unshareCourse(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.UnshareCourse(ctx, s.DB, principal(ctx).UserID, in.ID, s.now())
}
