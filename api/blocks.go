package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

const blocksPath = "/v1/community/blocks"

// blocks registers the routes of blocked users.
func (s *Server) blocks() {
	tags := []string{tagCommunity}
	register(s.API, huma.Operation{
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
		register(s.API, huma.Operation{
			OperationID: op.id, Method: op.method, Path: blocksPath + "/{user_id}", Tags: tags, Summary: op.summary,
			Description: op.description + " Repeating it changes nothing.", DefaultStatus: http.StatusNoContent,
		}, func(ctx context.Context, in *blockInput) (*struct{}, error) {
			return nil, accounts.SetBlock(ctx, s.DB, principal(ctx).UserID, in.UserID, op.wanted, s.now())
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
	Paging
	Limit int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (s *Server) listBlocks(ctx context.Context, in *listBlocksInput) (*listed[blockView], error) {
	user := principal(ctx).UserID
	return listing[accounts.BlockedUser, blockView]{
		name: "blocks", filter: user, cursor: in.Cursor, limit: in.Limit,
		rows: func(after *store.Keyset, limit int) ([]accounts.BlockedUser, error) {
			return accounts.ListBlocks(ctx, s.DB, user, after, in.skip(), limit)
		},
		keyset: func(b accounts.BlockedUser) store.Keyset { return store.Keyset{At: b.At, ID: *b.User.ID} },
		show:   func(b accounts.BlockedUser) blockView { return blockView{viewAuthor(b.User), b.At.UTC()} },
	}.page(ctx, s.API)
}
