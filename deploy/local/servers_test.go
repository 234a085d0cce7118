package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
)

// offline returns a finder of installed and previously downloaded programs.
func offline() Finder {
	state := os.Getenv("TEST_STATE_DIR")
	if state == "" {
		state = filepath.Join("..", "..", ".lyo")
	}
	return Finder{StateDir: state, Offline: true}
}

func postgresOptions(t *testing.T) PostgresOptions {
	t.Helper()
	bin, err := FindPostgres(deadline(t), offline())
	if errors.Is(err, ErrNotFound) {
		t.Skip("no Postgres here")
	}
	require.NoError(t, err)
	dir := roomFor(t)
	return PostgresOptions{BinDir: bin, DataDir: filepath.Join(dir, "data"), PIDFile: filepath.Join(dir, "postgres.pid")}
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(deadline(t), url)
	require.NoError(t, err)
	_, err = conn.Exec(deadline(t), sql)
	require.NoError(t, err)
	require.NoError(t, conn.Close(deadline(t)))
}

func TestPostgresKeepsItsData(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	first, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	require.NoError(t, first.CreateDatabase(deadline(t), "lyo"))
	require.NoError(t, first.CreateDatabase(deadline(t), "lyo"), "a second time it is there")
	execute(t, first.URL("lyo"), "CREATE TABLE kept (id int)")
	require.NoError(t, first.Stop(deadline(t)))
	require.True(t, gone(first.PID())())

	o.Durable = true
	second, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	execute(t, second.URL("lyo"), "INSERT INTO kept VALUES (1)")
	require.NoError(t, second.Erase(deadline(t)))
	require.NoDirExists(t, o.DataDir)
}

func TestPostgresComesBackAfterKill(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	first, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(first.PID(), syscall.SIGKILL))
	<-first.Done()
	stale := filepath.Join(first.DataDir(), "postmaster.pid")
	require.FileExists(t, stale)

	// The worst case: the pid now belongs to another running process.
	other, err := Start(shell("exec sleep 1000"))
	require.NoError(t, err)
	stopLater(t, other.Stop)
	require.NoError(t, os.WriteFile(stale, fmt.Appendf(nil, "%d\n%s\n", other.PID(), first.DataDir()), 0o600))
	second, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	require.NoError(t, second.Stop(deadline(t)))
	require.False(t, gone(other.PID())())
}

func TestPostgresTakesOverFromALeftover(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	o.PIDFile = "" // only postmaster.pid names it
	first, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	second, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	<-first.Done()
	require.NoError(t, second.Stop(deadline(t)))
}

// TestACopyOfPostgresLeavesTheOriginalAlone starts a server on a copy of the data of one that runs, whose
// postmaster.pid it finds there.
func TestACopyOfPostgresLeavesTheOriginalAlone(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	original, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	stopLater(t, original.Stop)
	elsewhere := filepath.Join(roomFor(t), "copy")
	require.NoError(t, exec.Command("cp", "-a", filepath.Dir(o.DataDir), elsewhere).Run())
	o.DataDir, o.PIDFile = filepath.Join(elsewhere, "data"), filepath.Join(elsewhere, "postgres.pid")
	require.FileExists(t, filepath.Join(o.DataDir, "postmaster.pid"))
	copied, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	require.NoError(t, copied.Stop(deadline(t)))
	require.False(t, gone(original.PID())())
	require.NoError(t, original.ping(deadline(t), nil))
}

func TestPostgresLeavesStrangeFoldersAlone(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	require.NoError(t, os.Mkdir(o.DataDir, 0o755))
	precious := filepath.Join(o.DataDir, "precious")
	require.NoError(t, os.WriteFile(precious, nil, 0o600))
	_, err := StartPostgres(deadline(t), o)
	require.ErrorContains(t, err, "not Postgres's data")
	require.FileExists(t, precious)
}

func TestPostgresSaysWhyItDoesNotStart(t *testing.T) {
	t.Parallel()
	o := postgresOptions(t)
	pg, err := StartPostgres(deadline(t), o)
	require.NoError(t, err)
	stopLater(t, pg.Stop)
	taken := postgresOptions(t)
	taken.Port = pg.Port()
	_, err = StartPostgres(deadline(t), taken)
	require.ErrorContains(t, err, "Address already in use")
}

func TestAccountReaches(t *testing.T) {
	t.Parallel()
	closed := t.TempDir()
	require.NoError(t, os.Chmod(closed, 0o700))
	stranger := &Account{UID: 12345, GID: 12345}
	require.False(t, stranger.reaches(filepath.Join(closed, "data")))
	moved, err := stranger.reachable(filepath.Join(closed, "postgres"))
	require.NoError(t, err)
	require.Regexp(t, `^/var/lib/lyo/[0-9a-f]{12}/postgres$`, moved)
	var self *Account
	require.True(t, self.reaches(filepath.Join(closed, "data")))
}

func redisClient(t *testing.T, r *Redis) *redis.Client {
	t.Helper()
	o, err := redis.ParseURL(r.URL())
	require.NoError(t, err)
	c := redis.NewClient(o)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}

func TestRedisKeepsItsDataWhenDurable(t *testing.T) {
	t.Parallel()
	binary, err := FindRedis(deadline(t), offline())
	if errors.Is(err, ErrNotFound) {
		t.Skip("no Redis here")
	}
	require.NoError(t, err)
	o := RedisOptions{Binary: binary, DataDir: filepath.Join(t.TempDir(), "redis"), Durable: true}
	first, err := StartRedis(deadline(t), o)
	require.NoError(t, err)
	require.NoError(t, redisClient(t, first).Set(deadline(t), "kept", "yes", 0).Err())
	require.NoError(t, first.Stop(deadline(t)))
	second, err := StartRedis(deadline(t), o)
	require.NoError(t, err)
	stopLater(t, second.Stop)
	require.Equal(t, "yes", redisClient(t, second).Get(deadline(t), "kept").Val())

	o.Port = second.Port()
	_, err = StartRedis(deadline(t), o)
	require.Error(t, err, "the port is another server's")
}

func TestEmbeddedRedisLetsTimePass(t *testing.T) {
	t.Parallel()
	r, err := StartEmbeddedRedis(deadline(t), RedisOptions{})
	require.NoError(t, err)
	require.True(t, r.Embedded())
	c := redisClient(t, r)
	require.NoError(t, c.Set(deadline(t), "k", "v", 200*time.Millisecond).Err())
	require.Eventually(t, func() bool { return errors.Is(c.Get(context.Background(), "k").Err(), redis.Nil) },
		5*time.Second, 10*time.Millisecond)
	require.NoError(t, r.Stop(deadline(t)))
	require.NoError(t, r.Stop(deadline(t)))
	<-r.Done()
}

func TestTemporalStartsAndStops(t *testing.T) {
	t.Parallel()
	binary := os.Getenv("TEST_TEMPORAL_BIN")
	if binary == "" {
		var err error
		if binary, err = FindTemporal(deadline(t), offline()); errors.Is(err, ErrNotFound) {
			t.Skip("no Temporal here")
		}
	}
	server, err := StartTemporal(deadline(t), TemporalOptions{Binary: binary, DBFile: filepath.Join(t.TempDir(), "t", "temporal.db")})
	require.NoError(t, err)
	require.Empty(t, server.UIURL())
	require.NoError(t, server.ping(deadline(t), nil))
	require.NoError(t, server.Stop(deadline(t)))
	require.True(t, gone(server.PID())())
}
