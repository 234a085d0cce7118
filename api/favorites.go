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
		Summary: "Show a READY course in the feeds of others, once", DefaultStatus: http.StatusNoContent, Errors: []int{http.StatusConflict},
	}, s.shareCourse)
}

type courseOnlyInput struct{ CourseID }

func (s *Server) favorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.SetFavorite(ctx, s.DB, principal(ctx).UserID, in.ID, true, s.now())
}

func (s *Server) unfavorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.SetFavorite(ctx, s.DB, principal(ctx).UserID, in.ID, false, s.now())
}

func (s *Server) shareCourse(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, models.ShareCourse(ctx, s.DB, principal(ctx).UserID, in.ID, false, s.now())
}
