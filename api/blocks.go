package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

const blocksPath = "/v1/community/blocks"

// blocks registers the routes of blocked users.
func (s *Server) blocks() {
	tags := []string{tagCommunity}
	rest.Register(s.API, huma.Operation{
		OperationID: "list-blocks", Method: http.MethodGet, Path: blocksPath, Tags: tags, Summary: "List users you have blocked",
		Description: "Newest first.",
	}, s.listBlocks)
	for _, op := range []struct {
		method, id, summary, description string
		wanted                           bool
	}{
		{http.MethodPut, "block-user", "Block a user", "Neither user sees anything of the other, and neither follows the other any more.", true},
		{http.MethodDelete, "unblock-user", "Unblock a user", "Follows that the block ended do not come back.", false},
	} {
		rest.Register(s.API, huma.Operation{
			OperationID: op.id, Method: op.method, Path: blocksPath + "/{user_id}", Tags: tags, Summary: op.summary,
			Description: op.description + " Repeating it changes nothing.", DefaultStatus: http.StatusNoContent,
		}, func(ctx context.Context, in *blockInput) (*struct{}, error) {
			return nil, accounts.SetBlock(ctx, s.DB, rest.PrincipalOf(ctx).UserID, in.UserID, op.wanted, s.Now())
		})
	}
}

type blockInput struct {
	UserID uuid.UUID `path:"user_id" format:"uuid"`
}

type blockView struct {
	User      authorView `json:"user"`
	CreatedAt time.Time  `json:"created_at"`
}

type listBlocksInput struct {
	rest.Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listBlocks(ctx context.Context, in *listBlocksInput) (*rest.Page[blockView], error) {
	user := rest.PrincipalOf(ctx).UserID
	return rest.List[accounts.BlockedUser, blockView]{
		Name: "blocks", Filter: user, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]accounts.BlockedUser, error) {
			return accounts.ListBlocks(ctx, s.DB, user, after, in.Skip(), limit)
		},
		Keyset: func(b accounts.BlockedUser) store.Keyset { return store.Keyset{At: b.At, ID: *b.User.ID} },
		Show:   func(b accounts.BlockedUser) blockView { return blockView{viewAuthor(b.User), b.At.UTC()} },
	}.Page(ctx, s.API)
}
