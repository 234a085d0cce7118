package store_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestManyProcessesWriteOnce checks that all concurrent probes but one only read a row.
func TestManyProcessesWriteOnce(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	require.NoError(t, db.Exec(`CREATE TABLE writes (n int);
		CREATE FUNCTION written() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO writes VALUES (1); RETURN NEW; END $$;
		CREATE TRIGGER written AFTER UPDATE ON write_probes FOR EACH ROW EXECUTE FUNCTION written()`).Error)
	writes := func() (n int64) {
		require.NoError(t, db.Raw("SELECT count(*) FROM writes").Scan(&n).Error)
		return n
	}
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := store.TryWrite(context.Background(), db); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, writes())
	require.NoError(t, db.Exec("UPDATE write_probes SET written_at = clock_timestamp() - interval '4 seconds'").Error)
	require.NoError(t, store.TryWrite(context.Background(), db))
	require.EqualValues(t, 3, writes(), "ours, and the next one")
}

// TestAWriteThatIsUnderWayIsNotWaitedFor checks that a process with a hanging write does not block the others.
func TestAWriteThatIsUnderWayIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
		require.NoError(t, tx.Exec("UPDATE write_probes SET written_at = 'epoch'").Error)
		return store.TryWrite(ctx, db)
	}))
}

func TestASchemaWithoutAPlaceForItTakesWrites(t *testing.T) {
	t.Parallel()
	db, err := store.Open(storetest.Empty(t), store.Pool{MaxOpen: 1})
	require.NoError(t, err)
	defer func() { _ = store.Close(db) }()
	require.NoError(t, store.TryWrite(t.Context(), db), "that it is behind is said elsewhere")
}

// cluster is a Postgres of the test's own that may be damaged, and the address of a migrated database in it.
type cluster struct {
	bin, dir string
	server   *local.Postgres
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	bin, err := local.FindPostgres(t.Context(), local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Offline: true})
	if err != nil {
		t.Skip("this test needs Postgres's programs:", err)
	}
	dir, err := os.MkdirTemp("", "lyo-writes-") // not below the test's own, which Postgres's user cannot enter
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o755))
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	c := &cluster{bin: bin, dir: dir}
	c.start(t)
	t.Cleanup(func() { _ = c.server.Stop(context.Background()) })
	return c
}

func (c *cluster) start(t *testing.T) {
	t.Helper()
	var err error
	c.server, err = local.StartPostgres(t.Context(), local.PostgresOptions{BinDir: c.bin, DataDir: filepath.Join(c.dir, "data"), Out: t.Output()})
	require.NoError(t, err)
}

func (c *cluster) open(t *testing.T, database string) *gorm.DB {
	t.Helper()
	db, err := store.Open(c.server.URL(database), store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	return db
}

func TestAStandbyTakesNoWrites(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	_, err := migrations.Up(t.Context(), c.server.URL("postgres"))
	require.NoError(t, err)
	require.NoError(t, store.TryWrite(t.Context(), c.open(t, "postgres")))
	require.NoError(t, c.server.Stop(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(c.server.DataDir(), "standby.signal"), nil, 0o644))
	c.start(t)
	db := c.open(t, "postgres")
	require.NoError(t, store.Ping(t.Context(), db), "it answers")
	require.ErrorIs(t, store.TryWrite(t.Context(), db), store.ErrReadOnly)
}

// TestAFullDiskTakesNoWrites fills the disk below a database that still has room for one more row.
func TestAFullDiskTakesNoWrites(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	small := filepath.Join(c.dir, "small")
	require.NoError(t, os.Mkdir(small, 0o755))
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=48m,mode=0777", "tmpfs", small).CombinedOutput(); err != nil {
		t.Skipf("a disk of its own needs the right to mount one: %v %s", err, out)
	}
	t.Cleanup(func() {
		_ = c.server.Stop(context.Background())
		_ = exec.CommandContext(context.Background(), "umount", "-l", small).Run()
	})
	ballast := filepath.Join(small, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 4<<20), 0o600))
	place := filepath.Join(small, "place")
	require.NoError(t, os.Mkdir(place, 0o700))
	owner, err := exec.CommandContext(t.Context(), "chown", "--reference="+c.server.DataDir(), place).CombinedOutput()
	require.NoError(t, err, string(owner))
	admin := c.open(t, "postgres")
	require.NoError(t, admin.Exec("CREATE TABLESPACE small LOCATION '"+place+"'").Error)
	require.NoError(t, admin.Exec("CREATE DATABASE full_one TABLESPACE small").Error)
	_, err = migrations.Up(t.Context(), c.server.URL("full_one"))
	require.NoError(t, err)
	db := c.open(t, "full_one")
	require.NoError(t, store.TryWrite(t.Context(), db))
	require.NoError(t, db.Exec("UPDATE write_probes SET written_at = 'epoch'; CREATE TABLE filler (t text)").Error)
	for err == nil {
		err = db.Exec("INSERT INTO filler SELECT repeat(md5(n::text), 60) FROM generate_series(1, 200) n").Error
	}
	require.ErrorContains(t, err, "53100")
	require.NoError(t, db.Exec("UPDATE write_probes SET written_at = 'epoch'").Error, "a row in place of another one is no proof")
	require.ErrorIs(t, store.TryWrite(t.Context(), db), store.ErrDiskFull)
	require.ErrorIs(t, store.TryWrite(t.Context(), db), store.ErrDiskFull, "a write that failed is not believed by the next who asks")
	require.NoError(t, os.Remove(ballast))
	require.NoError(t, store.TryWrite(t.Context(), db))
}
