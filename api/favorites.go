package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
)

// favorites registers the operations on courses that the caller can see but need not own.
func (s *Server) favorites() {
	tags := []string{"courses"}
	rest.Register(s.API, huma.Operation{
		OperationID: "favorite-course", Method: http.MethodPost, Path: "/v1/courses/{id}/favorite", Tags: tags,
		Summary:       "Add a course to your favorites",
		Description:   "Repeating it changes nothing.",
		DefaultStatus: http.StatusNoContent,
	}, s.favorite)
	rest.Register(s.API, huma.Operation{
		OperationID: "unfavorite-course", Method: http.MethodDelete, Path: "/v1/courses/{id}/favorite", Tags: tags,
		Summary:       "Remove a course from your favorites",
		Description:   "Repeating it changes nothing. It works also for a course that the caller may no longer see.",
		DefaultStatus: http.StatusNoContent,
	}, s.unfavorite)
	rest.Register(s.API, huma.Operation{
		OperationID: "share-course", Method: http.MethodPost, Path: "/v1/courses/{id}/share", Tags: tags,
		Summary: "Share a course",
		Description: "Makes the caller's own READY course public and shows it in the feeds of others, once. Another user's public course appears in feeds as " +
			"shared by the caller. Repeating it changes nothing. 409: the course is not READY, or not public.",
		DefaultStatus: http.StatusNoContent,
		Errors:        []int{http.StatusConflict},
	}, s.shareCourse)
	rest.Register(s.API, huma.Operation{
		OperationID: "unshare-course", Method: http.MethodDelete, Path: "/v1/courses/{id}/share", Tags: tags,
		Summary: "Stop sharing a course",
		Description: "Makes the caller's own course private: at once it is in no list, search or feed of others, who keep their progress in it. Another user's " +
			"course is no longer shown as shared by the caller.",
		DefaultStatus: http.StatusNoContent,
	}, s.unshareCourse)
}

type courseOnlyInput struct{ rest.PathID }

func (s *Server) favorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, feed.SetFavorite(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, true, s.Now())
}

func (s *Server) unfavorite(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, feed.SetFavorite(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, false, s.Now())
}

type shareInput struct {
	rest.PathID
	Body *ConfirmRights
}

func (s *Server) shareCourse(ctx context.Context, in *shareInput) (*struct{}, error) {
	confirmed := in.Body != nil && in.Body.confirmed()
	return nil, feed.ShareCourse(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, confirmed, s.Now())
}

func (s *Server) unshareCourse(ctx context.Context, in *courseOnlyInput) (*struct{}, error) {
	return nil, feed.UnshareCourse(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.ID, s.Now())
}
