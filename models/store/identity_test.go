package store_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func identityAt(t *testing.T, url string) string {
	t.Helper()
	db, err := store.Open(url, store.Pool{MaxOpen: 1})
	require.NoError(t, err)
	name, err := store.Identity(t.Context(), db)
	require.NoError(t, err)
	require.NotEmpty(t, name)
	require.NoError(t, store.Close(db))
	return name
}

func TestACopyHasAnotherName(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	name := identityAt(t, url)
	copied := storetest.Copy(t, url)
	require.Equal(t, name, identityAt(t, url))
	require.NotEqual(t, name, identityAt(t, copied))
}

// TestARoleWithoutPrivilegesKnowsTheName takes from a role what hosted servers keep for themselves.
func TestARoleWithoutPrivilegesKnowsTheName(t *testing.T) {
	t.Parallel()
	db, role := storetest.New(t), `"`+store.NewID().String()+`"`
	name, err := store.Identity(t.Context(), db)
	require.NoError(t, err)
	tx := db.WithContext(t.Context()).Begin()
	defer tx.Rollback()
	for _, change := range []string{
		"REVOKE EXECUTE ON FUNCTION pg_control_system(), pg_control_checkpoint(), pg_control_recovery(), pg_control_init() FROM PUBLIC",
		"CREATE ROLE " + role, "SET LOCAL ROLE " + role, "SAVEPOINT asked",
	} {
		require.NoError(t, tx.Exec(change).Error)
	}
	require.ErrorContains(t, tx.Exec("SELECT pg_control_system()").Error, "permission denied")
	require.NoError(t, tx.Exec("ROLLBACK TO SAVEPOINT asked").Error)
	seen, err := store.Identity(t.Context(), tx)
	require.NoError(t, err)
	require.Equal(t, name, seen)
}
