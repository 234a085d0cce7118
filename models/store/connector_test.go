package store_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/jackc/pgx/v5"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func open(t *testing.T, address string, pool store.Pool) *gorm.DB {
	t.Helper()
	db, err := store.Open(address, pool)
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	return db
}

// dropAll ends every connection to the database of admin but its own.
func dropAll(t *testing.T, admin *gorm.DB) {
	t.Helper()
	require.NoError(t, admin.Exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()").Error)
}

// TestReadsOutliveTheirConnections ends all connections again and again below reads, transactions and writes.
func TestReadsOutliveTheirConnections(t *testing.T) {
	t.Parallel()
	address := storetest.Empty(t)
	admin, db := open(t, address, store.Pool{MaxOpen: 1}), open(t, address, store.Pool{MaxOpen: 8})
	require.NoError(t, admin.Exec("CREATE TABLE notes (n bigint)").Error)
	var next, reads, cut, failed atomic.Int64
	var noted sync.Map
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for ctx.Err() == nil {
				var n int64
				if db.Raw("WITH few AS (SELECT n FROM notes) SELECT count(*) FROM few WHERE n > ?", 0).Scan(&n).Error != nil {
					cut.Add(1) // after its row
				}
				reads.Add(1)
			}
		})
		all.Go(func() {
			for ctx.Err() == nil {
				n := next.Add(1)
				write := func(tx *gorm.DB) error { return tx.Exec("INSERT INTO notes VALUES (?)", n).Error }
				run := write
				if n%2 == 0 {
					run = func(tx *gorm.DB) error { return tx.Transaction(write) }
				}
				err := run(db)
				if err == nil {
					noted.Store(n, true)
				} else {
					failed.Add(1)
				}
			}
		})
	}
	for range 20 {
		before := reads.Load()
		require.Eventually(t, func() bool { return reads.Load() > before+20 }, 20*time.Second, time.Millisecond)
		dropAll(t, admin)
	}
	cancel()
	all.Wait()
	var rows []int64
	require.NoError(t, admin.Raw("SELECT n FROM notes").Scan(&rows).Error)
	times := map[int64]int{}
	for _, n := range rows {
		times[n]++
		require.Equal(t, 1, times[n], "a write was done twice")
	}
	noted.Range(func(n, _ any) bool { return assertOnce(t, times, n) })
	t.Logf("%d reads, of which %d were cut; %d writes, of which %d failed", reads.Load(), cut.Load(), next.Load(), failed.Load())
	require.LessOrEqual(t, cut.Load(), int64(5), "without the second try it is about one a connection and time")
}

func assertOnce(t *testing.T, times map[int64]int, n any) bool {
	t.Helper()
	require.Equal(t, 1, times[n.(int64)], "a write was reported and is not there")
	return true
}

func TestATransactionBeginsOnAConnectionThatLives(t *testing.T) {
	t.Parallel()
	address := storetest.Empty(t)
	admin, db := open(t, address, store.Pool{MaxOpen: 1}), open(t, address, store.Pool{MaxOpen: 3})
	for range 10 {
		var used sync.WaitGroup // all three
		for range 3 {
			used.Go(func() { _ = db.Exec("SELECT pg_sleep(0.01)") })
		}
		used.Wait()
		dropAll(t, admin)
		require.NoError(t, db.Transaction(func(tx *gorm.DB) error { return tx.Exec("SELECT 1").Error }))
	}
}

// TestAServerThatRestartsIsWaitedFor drops the connections and refuses new ones for a moment.
func TestAServerThatRestartsIsWaitedFor(t *testing.T) {
	t.Parallel()
	through, proxy := wire(t, storetest.Empty(t))
	db := open(t, through, store.Pool{MaxOpen: 2})
	require.NoError(t, db.Exec("SELECT 1").Error)
	proxy.Stop()
	back := time.AfterFunc(300*time.Millisecond, func() { assert.NoError(t, proxy.Start()) })
	defer back.Stop()
	require.NoError(t, db.Exec("SELECT 2").Error)
	proxy.Stop()
	began := time.Now()
	require.Error(t, db.Exec("SELECT 3").Error, "not for ever")
	require.Less(t, time.Since(began), 5*time.Second)
}

// wire is a proxy before Postgres.
func wire(t *testing.T, address string) (through string, proxy *toxiproxy.Proxy) {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy = toxiproxy.NewProxy(server, "postgres", "127.0.0.1:0", u.Host)
	require.NoError(t, server.Collection.Add(proxy, true))
	t.Cleanup(func() { _ = server.Collection.Clear() })
	u.Host = proxy.Listen
	return u.String(), proxy
}

// TestAServerThatHangsIsGivenUp lets nothing through to Postgres, nor back.
func TestAServerThatHangsIsGivenUp(t *testing.T) {
	t.Parallel()
	through, proxy := wire(t, storetest.Empty(t))
	var log bytes.Buffer
	db := open(t, through, store.Pool{MaxOpen: 2, Watch: slog.New(slog.NewTextHandler(&log, nil))})
	require.NoError(t, db.Exec("SELECT pg_sleep(3)").Error, "a statement may take long")
	for _, stream := range []string{"upstream", "downstream"} {
		_, err := proxy.Toxics.AddToxicJson(bytes.NewReader([]byte(`{"type":"timeout","stream":"` + stream + `","attributes":{"timeout":0}}`)))
		require.NoError(t, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var all sync.WaitGroup
	for range 6 { // more than there are connections
		all.Go(func() {
			began := time.Now()
			if err := db.WithContext(ctx).Exec("SELECT 1").Error; err == nil || time.Since(began) > 3*time.Second {
				t.Errorf("%v after %s", err, time.Since(began))
			}
		})
	}
	all.Wait()
	began := time.Now()
	err := db.WithContext(ctx).Exec("SELECT 1").Error
	require.Equal(t, store.Unavailable, store.CodeOf(err), "%v", err)
	require.Less(t, time.Since(began), 200*time.Millisecond, "refused at once")
	proxy.Toxics.ResetToxics(t.Context())
	require.Eventually(t, func() bool { return store.Ping(ctx, db) == nil }, 10*time.Second, 20*time.Millisecond)
	require.NoError(t, store.Close(db))
	require.Contains(t, log.String(), "does not answer")
	require.Contains(t, log.String(), "answers again")
}

// modeOf returns how the connections of a pool run statements.
func modeOf(t *testing.T, db *gorm.DB) (mode pgx.QueryExecMode) {
	t.Helper()
	raw, err := db.DB()
	require.NoError(t, err)
	conn, err := raw.Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	require.NoError(t, conn.Raw(func(driver any) error {
		mode = driver.(interface{ Conn() *pgx.Conn }).Conn().Config().DefaultQueryExecMode
		return nil
	}))
	return mode
}

// TestAPoolerIsNoticed runs statements of many clients on two connections of a PgBouncer in transaction mode.
func TestAPoolerIsNoticed(t *testing.T) {
	t.Parallel()
	address := storetest.Empty(t)
	direct := open(t, address, store.Pool{MaxOpen: 1})
	require.Equal(t, pgx.QueryExecModeCacheStatement, modeOf(t, direct))
	var jit string
	require.NoError(t, direct.Raw("SHOW jit").Scan(&jit).Error)
	require.Equal(t, "off", jit)

	pooled := storetest.PgBouncer(t, address, 2)
	db := open(t, pooled, store.Pool{MaxOpen: 8})
	begun := make(chan struct{}) // all connections are opened at once
	var opened sync.WaitGroup
	for range 8 {
		opened.Go(func() {
			<-begun
			if mode := modeOf(t, db); mode != pgx.QueryExecModeCacheDescribe {
				t.Errorf("a connection has mode %v", mode)
			}
		})
	}
	close(begun)
	opened.Wait()
	_, err := migrations.Up(t.Context(), pooled)
	require.NoError(t, err)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for range 50 {
				var got struct{ A, B, J string }
				err := db.Raw("SELECT ?::int AS a, ?::text AS b, ?::jsonb ->> 'x' AS j", n, "b", `{"x": "y"}`).Scan(&got).Error
				if err != nil || got.J != "y" {
					t.Errorf("%v %v", got, err)
				}
			}
		})
	}
	all.Wait()
	require.NoError(t, db.Raw("SHOW jit").Scan(&jit).Error)
	require.NotEqual(t, "off", jit, "the session belongs to others too")
	require.NoError(t, store.WithAdvisoryLock(t.Context(), db, "a shard", func() error {
		for range 5 { // whichever connection of the pooler it gets
			again := store.WithAdvisoryLock(t.Context(), db, "a shard", func() error { return nil })
			require.Equal(t, store.Unavailable, store.CodeOf(again))
		}
		return nil
	}))
	require.NoError(t, store.WithAdvisoryLock(t.Context(), db, "a shard", func() error { return nil }))

	forced := open(t, pooled+"&default_query_exec_mode=cache_statement", store.Pool{MaxOpen: 2})
	_, err = store.CheckStatements(t.Context(), forced)
	require.ErrorIs(t, err, store.ErrPooler)
	there, err := store.CheckStatements(t.Context(), db)
	require.NoError(t, err)
	require.True(t, there)
	there, err = store.CheckStatements(t.Context(), direct)
	require.NoError(t, err)
	require.False(t, there)
}
