package store_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

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

// TestTheNameIsAskedForAgain has a clock that goes on, and then an hour back.
func TestTheNameIsAskedForAgain(t *testing.T) {
	t.Parallel()
	db, now, asked := storetest.New(t), time.Now(), 0
	require.NoError(t, db.Callback().Row().Before("*").Register("count", func(*gorm.DB) { asked++ }))
	known := store.NewKnownIdentity(db, func() time.Time { return now })
	for i, step := range []time.Duration{0, time.Second, -time.Hour} {
		now = now.Add(step)
		for range 2 {
			require.NotEmpty(t, known.Of(t.Context()))
			require.Equal(t, i+1, asked)
		}
	}
}

// TestANameThatIsNotKnownIsNobodyElses asks a database that is closed.
func TestANameThatIsNotKnownIsNobodyElses(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	require.NoError(t, store.Close(db))
	one, two := store.NewKnownIdentity(db, time.Now), store.NewKnownIdentity(db, time.Now)
	name := one.Of(t.Context())
	require.Equal(t, name, one.Of(t.Context()))
	require.NotEqual(t, name, two.Of(t.Context()))
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
