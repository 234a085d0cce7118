package local

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFetchedPostgresRuns downloads tens of megabytes: it runs only on request.
func TestFetchedPostgresRuns(t *testing.T) {
	t.Parallel()
	if os.Getenv("TEST_FETCH") == "" {
		t.Skip("set TEST_FETCH=1 to download Postgres both ways")
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	for name, way := range map[string]func(Finder, string) error{
		"debian": func(f Finder, dest string) error { return f.fetchDebs(ctx, dest, postgresPackages, "a test") },
		"npm":    func(f Finder, dest string) error { return f.fetchNPM(ctx, dest) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := roomFor(t)
			dest := filepath.Join(dir, "postgres")
			f := Finder{StateDir: dir, Out: t.Output(), root: dir}
			require.NoError(t, way(f, dest))
			bin := firstPostgres(f, dest)
			require.NotEmpty(t, bin)
			pg, err := StartPostgres(ctx, PostgresOptions{BinDir: bin, DataDir: filepath.Join(dir, "data"), Out: t.Output()})
			require.NoError(t, err)
			execute(t, pg.URL("postgres"), "CREATE EXTENSION pg_trgm; CREATE EXTENSION citext; CREATE EXTENSION unaccent")
			require.NoError(t, pg.Erase(ctx))
		})
	}
}

// firstPostgres searches only in dest.
func firstPostgres(f Finder, dest string) string {
	f.Getenv = func(string) string { return "" }
	for _, dir := range f.postgresPlaces(dest, dest) {
		if isPostgresBin(dir) {
			return dir
		}
	}
	return ""
}
