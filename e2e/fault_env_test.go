package e2e_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/storetest"
)

// The flags of make faults. Without -full each case runs in a short form.
var (
	full    = flag.Bool("full", false, "faults: run every case at its whole length")
	seed    = flag.Uint64("seed", 0, "faults: what chance begins with; 0: another one each time, but the same one in the short form")
	program = flag.String("lyo", "", "a lyo that was built before; none: one is built, and one with the race detector")
)

// faultEnv is a system under fault injection. Random choices come from its seed.
type faultEnv struct {
	*system
	db       *gorm.DB // direct, past the proxies of the processes
	postgres *local.Postgres
	server   *local.Redis // of its own, when it has one
	proxies  *toxiproxy.ApiServer
	disk     string        // of its own, when it has one
	pause    time.Duration // between two actions of a learner, at most

	mu     sync.Mutex
	random *rand.Rand
	sound  // what was accepted, to be checked afterwards
}

// part is what an environment has of its own: servers, which it will stop, and the kind of its program.
type part int

const (
	raceDetector part = iota
	ownDisk           // for what comes after it
	ownPostgres
	ownRedis
	durableRedis // keeps what it was told
)

// usualSeed is the seed of the short form: make test does the same each time, as far as the seed decides.
const usualSeed = 1

// chance returns the seed of a case and logs it.
func chance(t *testing.T) uint64 {
	t.Helper()
	from := *seed
	switch {
	case from != 0:
	case *full:
		from = uint64(time.Now().UnixNano()) % 1_000_000 // positive
	default:
		from = usualSeed
	}
	t.Logf("seed %d; once more with make faults FAULTS='-test.run=%s -seed=%d%s'", from, t.Name(), from, sized("", " -full=false"))
	return from
}

func newFaultEnv(t *testing.T, extra []string, own ...part) *faultEnv {
	t.Helper()
	from := chance(t)
	name := fnv.New64a()
	_, _ = name.Write([]byte(t.Name()))                                                                                    // never fails
	s := &faultEnv{system: newSystem(t), pause: 200 * time.Millisecond, random: rand.New(rand.NewPCG(from, name.Sum64()))} // repeatable on purpose
	s.extra = append([]string{"LYO_GEMMA_PARALLEL=8", "LYO_COURSES_AT_ONCE=4", "LYO_LOG_LEVEL=error", "LYO_RATE_LIMITS=off"}, extra...)
	s.end = func(p *local.Process) { p.Kill() } // without a graceful stop
	quiet := zerolog.New(nil).Level(zerolog.Disabled)
	s.proxies = toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), quiet)
	t.Cleanup(func() { _ = s.proxies.Collection.Clear() })
	for _, p := range own {
		map[part]func(){raceDetector: s.detectRaces, ownDisk: s.ownDisk, ownPostgres: s.ownPostgres, ownRedis: s.ownRedis, durableRedis: func() { s.startDurableRedis(0) }}[p]()
	}
	s.db = s.rows()
	return s
}

// finder finds server programs where the tests' own were found.
func (s *faultEnv) finder() local.Finder {
	return local.Finder{StateDir: os.Getenv("TEST_STATE_DIR"), Out: s.t.Output()}
}

// ownPostgres gives the environment a durable server, which keeps its commits in a crash.
func (s *faultEnv) ownPostgres() {
	dir, err := os.MkdirTemp(s.disk, "lyo-faults-")
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	require.NoError(s.t, os.Chmod(dir, 0o711)) // Postgres runs as another user
	s.startPostgres(local.PostgresOptions{DataDir: filepath.Join(dir, "postgres")})
	s.t.Cleanup(func() { _ = s.postgres.Erase(context.Background()) })
	require.NoError(s.t, s.postgres.CreateDatabase(s.t.Context(), "lyo"))
	s.database = s.postgres.URL("lyo")
	_, err = migrations.Up(s.t.Context(), s.database)
	require.NoError(s.t, err)
}

func (s *faultEnv) startPostgres(o local.PostgresOptions) {
	s.t.Helper()
	var err error
	if o.BinDir == "" {
		o.BinDir, err = local.FindPostgres(s.t.Context(), s.finder())
		require.NoError(s.t, err)
	}
	o.Durable = true
	s.postgres, err = local.StartPostgres(s.t.Context(), o)
	require.NoError(s.t, err)
}

// crashPostgres kills the server; startPostgresAgain restarts it on the same port
// with its data.
func (s *faultEnv) crashPostgres() {
	s.t.Helper()
	s.postgres.Signal(syscall.SIGQUIT)
	<-s.postgres.Done()
}

func (s *faultEnv) startPostgresAgain() {
	s.t.Helper()
	s.startPostgres(local.PostgresOptions{DataDir: s.postgres.DataDir(), Port: s.postgres.Port()})
	// Old connections have to fail first.
	require.Eventually(s.t, func() bool { return s.db.Exec("SELECT 1").Error == nil }, time.Minute, 10*time.Millisecond)
}

func (s *faultEnv) ownRedis() {
	s.server = storetest.OwnRedis(s.t)
	s.redis = s.server.URL()
}

// between puts a proxy in front of an address and returns the proxy.
func (s *faultEnv) between(name, upstream string) *toxiproxy.Proxy {
	s.t.Helper()
	p := toxiproxy.NewProxy(s.proxies, name, "127.0.0.1:0", upstream)
	require.NoError(s.t, s.proxies.Collection.Add(p, true))
	return p
}

// spoil adds a toxic, as toxiproxy's own API takes it, to the traffic of a proxy.
func (s *faultEnv) spoil(p *toxiproxy.Proxy, kind, stream string, attributes string) {
	s.t.Helper()
	text := fmt.Sprintf(`{"type":%q,"stream":%q,"attributes":%s}`, kind, stream, attributes)
	_, err := p.Toxics.AddToxicJson(bytes.NewReader([]byte(text)))
	require.NoError(s.t, err)
}

// hostOf returns the host and port of a URL.
func hostOf(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Host
}

// draw returns a number from 0 up to, not including, n.
func (s *faultEnv) draw(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

// drawTime returns a time from least up to most.
func (s *faultEnv) drawTime(least, most time.Duration) time.Duration {
	return least + time.Duration(s.draw(int(most-least)+1))
}

// sized returns whole in the full form and short in the short one.
func sized[T any](whole, short T) T {
	if *full {
		return whole
	}
	return short
}

// crew registers so many learners with the first API.
func (s *faultEnv) crew(n int) []*learner {
	s.t.Helper()
	all := make([]*learner, n)
	for i := range all {
		all[i] = s.apis[0].register(s.t, fmt.Sprintf("learner%d@example.com", i))
	}
	return all
}
