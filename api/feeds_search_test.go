package api

import (
	"encoding/json"
	"net/url"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
)

func (w *testEnv) find(p person, query string) []feedItemView {
	w.t.Helper()
	a := w.do("GET", "/v1/feeds/search?"+query, "", p.header()...)
	require.Equal(w.t, 200, a.status, string(a.body))
	var items []feedItemView
	require.NoError(w.t, json.Unmarshal(a.body, &items))
	require.NotNil(w.t, items)
	return items
}

func TestSearching(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada, eve := w.signUp("ada@example.com"), w.signUp("eve@example.com")
	author := uuid.MustParse(eve.id)
	now := w.clock.now()
	for _, p := range []community.Post{
		{Title: "Recursion <img src=x>", Content: "How it ends.", LikesCount: 2},
		{Title: "At the café", Content: "Recursion & <b>coffee</b>."},
	} {
		p.ID, p.AuthorID, p.PostType, p.Status, p.CreatedAt, p.UpdatedAt = store.NewID(), &author, "question", moderation.ContentVisible, now, now
		p.Tags, p.Metadata = []string{}, map[string]any{}
		require.NoError(t, w.server.DB.Create(&p).Error)
	}
	found := w.find(ada, "q=recursion")
	require.Len(t, found, 2)
	first := found[0]
	require.Equal(t, "post", first.ContentType)
	require.Equal(t, "Ada L", first.Author.Name)
	require.Equal(t, author, first.Author.ID)
	require.Equal(t, 2, first.Engagement.Likes)
	require.Equal(t, []string{"Your words are in the title."}, first.Reasons)
	require.Greater(t, first.RankingScore, found[1].RankingScore)
	highlights, _ := found[0].Metadata["highlights"].(map[string]any)
	require.Contains(t, highlights["title"], "<mark>Recursion</mark>")
	require.NotContains(t, highlights["title"], "<img")
	highlights, _ = found[1].Metadata["highlights"].(map[string]any)
	require.Contains(t, highlights["text"], "<mark>Recursion</mark>")
	require.Contains(t, highlights["text"], "&amp;")

	require.Len(t, w.find(ada, "q=cafe"), 1)
	alike := w.find(ada, "q=recursoin")
	require.Len(t, alike, 1)
	require.Equal(t, []string{"Has words like those you typed: recursion"}, alike[0].Reasons)
	require.Empty(t, w.find(ada, "q=recursion&content_type=achievement"))
	require.Empty(t, w.find(ada, "q=recursion&difficulty_level=beginner"))
	require.Empty(t, w.find(ada, "q=recursion&language=fr"))
	require.Len(t, w.find(ada, "q=recursion&limit=1"), 1)
}

func TestSearchesThatAreNoQuestions(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	ada := w.signUp("ada@example.com")
	long := make([]byte, 201)
	for i := range long {
		long[i] = 'a'
	}
	for _, query := range []string{
		"", "q=", "q=%20%E2%80%8B", "q=" + string(long), "q=x&limit=0", "q=x&limit=101", "q=x&content_type=podcast", "q=x&difficulty_level=hard", "q=x&language=%27",
	} {
		w.problem(w.do("GET", "/v1/feeds/search?"+query, "", ada.header()...), "validation-error")
	}
	w.problem(w.do("GET", "/v1/feeds/search?q=x", ""), "authentication-required")
	for _, words := range []string{`'`, `"`, `\`, `a'b"c\d`, `:*`, `!`, `()`, `{}`, `a & | b`, `-`, `"-"`, `or`, `<->`, `%`, `abcd\`, "日本語の検索", "abcd" + string(long[:190])} {
		require.Empty(t, w.find(ada, "q="+url.QueryEscape(words)), words)
	}
}
