package community_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
)

// crowd inserts posts by SQL. They are not indexed for search, which would take longer than
// everything else here and which no list reads.
func (v *testEnv) crowd(posts int) {
	v.Helper()
	require.NoError(v, v.db.Exec("ALTER TABLE posts DISABLE TRIGGER search_post_new").Error)
	require.NoError(v, v.db.Exec(`
		INSERT INTO posts (id, author_id, title, content, post_type, tags, likes_count, commenters_count, created_at, updated_at)
		SELECT gen_random_uuid(), (SELECT id FROM users ORDER BY id LIMIT 1 OFFSET n % (SELECT count(*) FROM users)), 'Post ' || n, 'Words about ' || n,
			CASE n % 5 WHEN 0 THEN 'question' ELSE 'discussion' END, jsonb_build_array('tag' || n % 500, 'all'), n % 97, n % 13,
			CAST(@now AS timestamptz) - n * interval '1 minute', @now
		FROM generate_series(1, @posts) n`, map[string]any{"now": v.now, "posts": posts}).Error)
	require.NoError(v, v.db.Exec("ALTER TABLE posts ENABLE TRIGGER search_post_new").Error)
	require.NoError(v, v.db.Exec("VACUUM ANALYZE posts").Error)
}

// countingPool counts statements, those of batches too.
type countingPool struct {
	gorm.ConnPool
	statements *int
}

func (p countingPool) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	*p.statements++
	if len(args) == 1 {
		if batch, ok := args[0].(*pgx.Batch); ok {
			*p.statements += batch.Len() - 1
		}
	}
	return p.ConnPool.ExecContext(ctx, query, args...)
}

func (p countingPool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	*p.statements++
	return p.ConnPool.QueryContext(ctx, query, args...)
}

func (p countingPool) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	*p.statements++
	return p.ConnPool.QueryRowContext(ctx, query, args...)
}

// TestListingIsOneQueryAlongAnIndex asks for 20 of 100,000 posts in every order and looks
// at how Postgres goes about it.
func TestListingIsOneQueryAlongAnIndex(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 40)
	v.crowd(100_000)
	viewer := v.people[0]
	require.NoError(t, accounts.SetBlock(t.Context(), v.db, viewer, v.people[1], true, v.now))
	statements := 0
	counted := v.db.WithContext(t.Context())
	counted.Statement.ConnPool = countingPool{counted.Statement.ConnPool, &statements}
	for name, f := range map[string]community.PostFilter{
		"new": {Sort: community.SortNew}, "hot": {Sort: community.SortHot}, "top": {Sort: community.SortTop},
		"top of a day": {Sort: community.SortTop, Since: v.now.Add(-24 * time.Hour)},
		"tags":         {Sort: community.SortNew, Tags: []string{"tag7", "all"}}, "type": {Sort: community.SortNew, PostType: "question"},
	} {
		f.Limit = 21
		seen := map[uuid.UUID]bool{}
		for range 2 { // the first page, and one behind a cursor
			statements = 0
			posts, err := community.ListPosts(t.Context(), counted, viewer, f)
			require.NoError(t, err)
			require.Len(t, posts, f.Limit, name)
			require.Equal(t, 1, statements, name)
			for _, p := range posts[:20] {
				require.False(t, seen[p.ID], name)
				seen[p.ID] = true
				require.NotEqual(t, v.people[1], *p.AuthorID)
				require.NotEmpty(t, p.Author.Name)
			}
			v.walksAnIndex(name, viewer, f)
			place := community.CursorOf(posts[19], f.Sort)
			f.After = &place
		}
	}
}

// TestAListIsPlannedOnce asks on one connection for pages from the beginning and behind a cursor.
func TestAListIsPlannedOnce(t *testing.T) {
	t.Parallel()
	v := newTestEnv(t, 40)
	v.crowd(1000)
	pool, err := v.db.DB()
	require.NoError(t, err)
	pool.SetMaxOpenConns(1)
	f := community.PostFilter{Sort: community.SortNew, Limit: 21}
	for range 20 {
		posts, err := community.ListPosts(t.Context(), v.db, v.people[0], f)
		require.NoError(t, err)
		place := community.CursorOf(posts[19], f.Sort)
		f.After = &place
	}
	var planned, kept int
	require.NoError(t, v.db.Raw("SELECT sum(custom_plans), sum(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%FROM (SELECT * FROM posts%' AND statement NOT LIKE '%custom_plans%'").Row().Scan(&planned, &kept))
	require.Equal(t, 20, planned+kept)
	require.LessOrEqual(t, planned, 1+5, "Postgres plans the first five for their values")
}

// plan is a node of the output of EXPLAIN.
type plan struct {
	Type     string  `json:"Node Type"`
	Relation string  `json:"Relation Name"`
	Index    string  `json:"Index Name"`
	Rows     float64 `json:"Actual Rows"`
	Loops    float64 `json:"Actual Loops"`
	Removed  float64 `json:"Rows Removed by Filter"`
	Plans    []plan  `json:"Plans"`
}

func (p plan) each(visit func(plan)) {
	visit(p)
	for _, below := range p.Plans {
		below.each(visit)
	}
}

func (v *testEnv) walksAnIndex(name string, viewer uuid.UUID, f community.PostFilter) {
	v.Helper()
	var text string
	sql, args := f.SQL(viewer)
	require.NoError(v, v.db.Raw("EXPLAIN (ANALYZE, FORMAT JSON) "+sql, args).Row().Scan(&text))
	var plans []struct{ Plan plan }
	require.NoError(v, json.Unmarshal([]byte(text), &plans))
	indexes, read := []string{}, 0.0
	plans[0].Plan.each(func(p plan) {
		if p.Relation == "posts" {
			require.NotEqual(v, "Seq Scan", p.Type, "%s: %s", name, text)
			read += (p.Rows + p.Removed) * p.Loops
		}
		if strings.HasPrefix(p.Index, "posts_") {
			indexes = append(indexes, p.Index)
		}
	})
	require.NotEmpty(v, indexes, "%s: %s", name, text)
	require.Less(v, read, 5000.0, "%s reads few rows: %s", name, text)
}

// TestScrollingWhileOthersPost goes through 500 posts, page by page, while new ones come
// in between.
func TestScrollingWhileOthersPost(t *testing.T) {
	t.Parallel()
	for _, sort := range []string{community.SortNew, community.SortHot} {
		v := newTestEnv(t, 5)
		v.crowd(500)
		require.NoError(t, v.db.Exec("UPDATE posts SET is_pinned = true WHERE title IN ('Post 77', 'Post 300')").Error)
		seen := map[string]int{}
		f := community.PostFilter{Sort: sort, Limit: 21}
		for {
			posts, err := community.ListPosts(t.Context(), v.db, v.people[0], f)
			require.NoError(t, err)
			for _, p := range posts[:min(20, len(posts))] {
				seen[p.Title]++
			}
			if len(seen) <= 20 {
				require.True(t, posts[0].IsPinned)
			}
			if len(posts) <= 20 {
				break
			}
			place := community.CursorOf(posts[19], sort)
			f.After = &place
			v.post(1, "new")
		}
		delete(seen, "T")
		require.Len(t, seen, 500, sort)
		for title, times := range seen {
			require.Equal(t, 1, times, title)
		}
	}
}
