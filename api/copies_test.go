package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// withACopy returns an API of a database, filled by before, and one of its copy. They share Redis, keys and clock.
func withACopy(t *testing.T, before func(*testEnv)) (original, copied *testEnv) {
	t.Helper()
	deps, clock, logs := testDeps(t)
	deps.Redis = storetest.Redis(t)
	over := func(url string) *testEnv {
		db, err := store.Open(url, store.Pool{MaxOpen: 10})
		require.NoError(t, err)
		t.Cleanup(func() { _ = store.Close(db) })
		of := deps
		of.DB = db
		return serve(t, of, clock, logs)
	}
	url := storetest.URL(t)
	original = over(url)
	before(original)
	require.NoError(t, store.Close(original.server.DB)) // Postgres copies what nobody is connected to
	copied = over(storetest.Copy(t, url))
	return over(url), copied
}

// TestACopyHasSessionsOfItsOwn ends a session in one of two databases that share Redis, by a request and by a row.
func TestACopyHasSessionsOfItsOwn(t *testing.T) {
	t.Parallel()
	var ada, bob person
	original, copied := withACopy(t, func(w *testEnv) { ada, bob = w.signUp("ada@example.com"), w.signUp("bob@example.com") })
	me := func(w *testEnv, p person) answer { return w.do("GET", "/v1/users/me", "", p.header()...) }
	original.requireStatus(200, me(original, ada)) // Redis says that they are open, in the original
	original.requireStatus(200, me(original, bob))

	require.NoError(t, copied.server.DB.Exec("UPDATE sessions SET revoked_at = ? WHERE user_id = ?", copied.server.Now(), bob.id).Error)
	copied.problem(me(copied, bob), rest.SlugAuth)
	copied.requireStatus(204, copied.do("POST", "/v1/auth/logout", "", ada.header()...))
	original.clock.advance(time.Second) // nothing is remembered in the process any more
	copied.problem(me(copied, ada), rest.SlugAuth)
	for _, p := range []person{ada, bob} {
		original.requireStatus(200, me(original, p))
	}
}

// TestACopyHasFeedsOfItsOwn keeps a ranking in one of two databases that share Redis, and scrolls in the other.
func TestACopyHasFeedsOfItsOwn(t *testing.T) {
	t.Parallel()
	var ada person
	original, copied := withACopy(t, func(w *testEnv) {
		ada = w.signUp("ada@example.com")
		w.many(w.signUp("bob@example.com"), 30)
	})
	first := original.page(ada, "?limit=10")
	cursor := "?limit=10&cursor=" + first["next_cursor"].(string)
	original.clock.advance(time.Second)
	require.Equal(t, first["refresh_timestamp"], original.page(ada, cursor)["refresh_timestamp"])
	require.NotEqual(t, first["refresh_timestamp"], copied.page(ada, cursor)["refresh_timestamp"], "the copy has no such ranking, and begins anew")

	first = copied.page(ada, "?limit=10")
	cursor = "?limit=10&cursor=" + first["next_cursor"].(string)
	copied.clock.advance(time.Second)
	require.Equal(t, first["refresh_timestamp"], copied.page(ada, cursor)["refresh_timestamp"])
	require.NotEqual(t, first["refresh_timestamp"], original.page(ada, cursor)["refresh_timestamp"], "nor the other way round")
}
