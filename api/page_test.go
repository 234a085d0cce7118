package api

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
)

type countInput struct {
	rest.Paging
	Even  bool `query:"even"`
	Limit int  `query:"limit" default:"20" minimum:"1" maximum:"50"`
}

// counting adds a list of the numbers 0 to 44, newest (highest) first.
func (w *testEnv) counting() {
	rest.Register(w.server.API, huma.Operation{OperationID: "count", Method: "GET", Path: "/count"},
		func(ctx context.Context, in *countInput) (*rest.Page[int], error) {
			return rest.List[int, int]{
				Name: "count", Filter: in.Even, Cursor: in.Cursor, Limit: in.Limit,
				Rows: func(after *store.Keyset, limit int) (rows []int, err error) {
					for n := 44; n >= 0 && len(rows) < limit; n-- {
						if (!in.Even || n%2 == 0) && (after == nil || int64(n) < after.At.UnixMicro()) {
							rows = append(rows, n)
						}
					}
					return rows, nil
				},
				Keyset: func(n int) store.Keyset {
					return store.Keyset{At: time.UnixMicro(int64(n)).UTC(), ID: uuid.UUID{byte(n)}}
				},
				Show: func(n int) int { return n },
			}.Page(ctx, w.server.API)
		}, rest.Public)
}

func TestPagesFollowOneAnother(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.counting()
	seen, path := 0, "/count/?limit=20&token=secret&offset=0"
	for pages := 1; ; pages++ {
		a := w.do("GET", path, "")
		require.Equal(t, 200, a.status, string(a.body))
		seen += strings.Count(string(a.body), ",") + 1
		link := a.header.Get("Link")
		if link == "" {
			require.Equal(t, 3, pages)
			break
		}
		require.NotContains(t, link, "secret")
		require.NotContains(t, link, "offset")
		address, rel, _ := strings.Cut(link, ">; ")
		require.Equal(t, `rel="next"`, rel)
		path = strings.TrimPrefix(address, "<http://lyo.test")
		require.True(t, strings.HasPrefix(path, "/count/?"))
	}
	require.Equal(t, 45, seen)
}

func TestCursorsThatAreNotGood(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.counting()
	cursor := w.server.SealCursor("count", false, store.Keyset{At: w.clock.now(), ID: uuid.New()})
	require.Equal(t, 200, w.do("GET", "/count?cursor="+cursor, "").status)
	other := w.server.SealCursor("another", false, store.Keyset{At: w.clock.now()})
	for _, bad := range []string{"x", cursor + "A", cursor[1:], other, "A" + cursor[1:], url.QueryEscape("é")} {
		if bad == cursor {
			continue
		}
		w.problem(w.do("GET", "/count?cursor="+bad, ""), rest.SlugMalformed)
	}
	w.problem(w.do("GET", "/count?even=true&cursor="+cursor, ""), rest.SlugMalformed)
	for _, limit := range []int{0, -1, 51} {
		w.problem(w.do("GET", "/count?limit="+strconv.Itoa(limit), ""), rest.SlugValidation)
	}
}
