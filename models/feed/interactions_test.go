package feed_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

// TestAPostAnswersAlikeByFeedAndCommunity checks both APIs for each viewer and each state of the post.
func TestAPostAnswersAlikeByFeedAndCommunity(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	author, reader, apart, off := f.person("author"), f.person("reader"), f.person("apart"), f.person("off")
	require.NoError(t, f.db.Exec("INSERT INTO blocks (blocker_id, blocked_id, created_at) VALUES (?, ?, ?)", author, apart, f.now).Error)
	require.NoError(t, f.db.Exec("UPDATE users SET is_active = false WHERE id = ?", off).Error)
	viewers := map[string]moderation.Viewer{
		"author": {ID: author}, "reader": {ID: reader}, "apart": {ID: apart}, "off": {ID: off},
	}
	yes, no := true, false
	ways := map[string]func(v moderation.Viewer, post uuid.UUID) error{
		"like": func(v moderation.Viewer, post uuid.UUID) error {
			_, _, err := community.LikePost(t.Context(), f.db, v, post, &yes, f.now)
			return err
		},
		"unlike": func(v moderation.Viewer, post uuid.UUID) error {
			_, _, err := community.LikePost(t.Context(), f.db, v, post, &no, f.now)
			return err
		},
		"view": func(v moderation.Viewer, post uuid.UUID) error {
			_, err := community.ReadPost(t.Context(), f.db, v, post, f.now)
			return err
		},
	}
	counters := func(post uuid.UUID) (likes, views int) {
		require.NoError(t, f.db.Raw("SELECT likes_count, views_count FROM posts WHERE id = ?", post).Row().Scan(&likes, &views))
		return likes, views
	}
	for _, status := range []moderation.ContentStatus{moderation.ContentVisible, moderation.ContentPending, moderation.ContentHidden, moderation.ContentDeleted} {
		for who, v := range viewers {
			for action, community := range ways {
				one, other := f.post(author, 1), f.post(author, 1)
				require.NoError(t, f.db.Exec("UPDATE posts SET status = ? WHERE id IN ?", status, []uuid.UUID{one, other}).Error)
				want := community(v, one)
				got := feed.Interact(t.Context(), f.db, v.ID, feed.Interaction{ItemID: other, Action: action}, f.now)
				if who == "off" && action == "view" { // reading checks no account
					want = got
				}
				require.Equal(t, store.CodeOf(want), store.CodeOf(got), "%s, %s, %s: %v, %v", status, who, action, want, got)
				likes, views := counters(one)
				feedLikes, feedViews := counters(other)
				require.Equal(t, []int{likes, views}, []int{feedLikes, feedViews}, "%s, %s, %s", status, who, action)
				switch {
				case who == "off":
					require.Equal(t, store.Forbidden, store.CodeOf(got))
				case status == moderation.ContentDeleted:
					require.Equal(t, store.NotFound, store.CodeOf(got))
				}
			}
		}
	}
}
