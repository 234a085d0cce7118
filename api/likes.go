package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/moderation"
)

// liker sets or clears a like, or toggles it where want is nil.
type liker func(ctx context.Context, db *gorm.DB, v moderation.Viewer, id uuid.UUID, want *bool, now time.Time) (likes int, liked bool, err error)

type likeView struct {
	Message    string `json:"message"`
	LikesCount int    `json:"likes_count"`
	UserLiked  bool   `json:"user_liked"`
}

// likable registers the three operations on the caller's like of a post or comment.
func (s *Server) likable(what, path string, like liker) {
	yes, no := true, false
	for _, op := range []struct {
		method, id, summary, description string
		want                             *bool
	}{
		{http.MethodPost, "like-" + what, "Toggle your like of a " + what, "Repeating it takes the like back.", nil},
		{http.MethodPut, "set-like-of-" + what, "Like a " + what, "Repeating it changes nothing.", &yes},
		{http.MethodDelete, "clear-like-of-" + what, "Unlike a " + what, "Repeating it changes nothing.", &no},
	} {
		rest.Register(s.API, huma.Operation{
			OperationID: op.id, Method: op.method, Path: path + "/like", Tags: []string{tagCommunity}, Summary: op.summary,
			Description: op.description + " 409: the " + what + " is on hold or hidden.", Errors: []int{http.StatusConflict},
		}, func(ctx context.Context, in *rest.PathID) (*rest.Body[likeView], error) {
			v, err := s.reader(ctx)
			if err != nil {
				return nil, err
			}
			likes, liked, err := like(ctx, s.DB, v, in.ID, op.want, s.Now())
			if err != nil {
				return nil, err
			}
			message := "You like it."
			if !liked {
				message = "You do not like it."
			}
			return rest.Answer(likeView{message, likes, liked}), nil
		})
	}
}
