package dev

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/deploy/local"
)

const databaseName = "lyo"

// servers holds the addresses passed to the children and the keepers of the servers; a nil keeper
// means an external server. Each field is written once, at the first start: a restarted server keeps
// its port.
type servers struct {
	databaseURL, redisURL, temporalAddress string
	uiURL                                  string
	postgresPort, redisPort                int
	standIn                                bool // Redis is the embedded stand-in
	postgres, redis, temporal              *keeper
}

// DatabaseURLFile is the file in the state directory with the URL of the Postgres that was started
// there last, for commands such as lyo admin.
const DatabaseURLFile = "database-url"

// RedisURLFile is the file with the URL of Redis.
const RedisURLFile = "redis-url"

// Runs reports whether lyo dev runs on a state directory. It does not run on a copy of one on which it does.
func Runs(stateDir string) bool {
	files, err := filepath.Glob(Options{StateDir: stateDir}.pidFile("*"))
	return err == nil && slices.ContainsFunc(files, local.Runs)
}

// startServers concurrently starts the servers that the environment does not set.
func (s *supervisor) startServers(ctx context.Context) error {
	s.servers = servers{
		postgresPort: s.servers.postgresPort, redisPort: s.servers.redisPort,
		databaseURL: s.o.getenv("DATABASE_URL"), redisURL: s.o.getenv("REDIS_URL"),
		temporalAddress: s.o.getenv("TEMPORAL_ADDRESS"),
	}
	group, ctx := errgroup.WithContext(ctx)
	if s.servers.databaseURL == "" {
		s.servers.postgres = s.keeper("postgres", s.startPostgres)
		group.Go(func() error { return s.servers.postgres.begin(ctx) })
	}
	if s.servers.redisURL == "" {
		s.servers.redis = s.keeper("redis", s.startRedis)
		group.Go(func() error { return s.servers.redis.begin(ctx) })
	}
	if s.servers.temporalAddress == "" {
		s.servers.temporal = s.keeper("temporal", s.startTemporal)
		group.Go(func() error { return s.servers.temporal.begin(ctx) })
	}
	return group.Wait()
}

func (s *supervisor) startPostgres(ctx context.Context) (part, error) {
	bin, err := local.FindPostgres(ctx, s.finder())
	if err != nil {
		return nil, err
	}
	pg, err := local.StartPostgres(ctx, local.PostgresOptions{
		BinDir: bin, DataDir: s.o.path("postgres"), Port: s.servers.postgresPort, Durable: true,
		PIDFile: s.o.pidFile("postgres"), Out: s.out.named("postgres"),
	})
	if err != nil {
		return nil, err
	}
	if err := pg.CreateDatabase(ctx, databaseName); err != nil {
		return nil, errors.Join(err, pg.Stop(context.WithoutCancel(ctx)))
	}
	if s.servers.databaseURL == "" {
		s.servers.postgresPort, s.servers.databaseURL = pg.Port(), pg.URL(databaseName)
	}
	if err := os.WriteFile(s.o.path(DatabaseURLFile), []byte(s.servers.databaseURL), 0o600); err != nil {
		return nil, errors.Join(err, pg.Stop(context.WithoutCancel(ctx)))
	}
	return pg, nil
}

func (s *supervisor) startRedis(ctx context.Context) (part, error) {
	o := local.RedisOptions{
		Port: s.servers.redisPort, DataDir: s.o.path("redis"), Durable: true,
		PIDFile: s.o.pidFile("redis"), Out: s.out.named("redis"),
	}
	var err error
	start := local.StartRedis
	o.Binary, err = local.FindRedis(ctx, s.finder())
	if errors.Is(err, local.ErrNotFound) {
		start = local.StartEmbeddedRedis
	} else if err != nil {
		return nil, err
	}
	redis, err := start(ctx, o)
	if err != nil {
		return nil, err
	}
	if s.servers.redisURL == "" {
		s.servers.redisPort, s.servers.redisURL, s.servers.standIn = redis.Port(), redis.URL(), redis.Embedded()
	}
	if err := os.WriteFile(s.o.path(RedisURLFile), []byte(s.servers.redisURL), 0o600); err != nil {
		return nil, errors.Join(err, redis.Stop(context.WithoutCancel(ctx)))
	}
	return redis, nil
}

func (s *supervisor) startTemporal(ctx context.Context) (part, error) {
	binary, err := local.FindTemporal(ctx, s.finder())
	if err != nil {
		return nil, err
	}
	if err := linkTemporal(binary, s.o.path("bin", "temporal")); err != nil {
		return nil, err
	}
	t, err := local.StartTemporal(ctx, local.TemporalOptions{
		Binary: binary, Port: s.o.TemporalPort, UIPort: s.o.UIPort, DBFile: s.o.path("temporal", "temporal.db"),
		PIDFile: s.o.pidFile("temporal"), Out: s.out.named("temporal"),
	})
	if err != nil {
		return nil, err
	}
	if s.servers.temporalAddress == "" {
		s.servers.temporalAddress, s.servers.uiURL = t.Address(), t.UIURL()
	}
	return t, nil
}

// linkTemporal links the temporal command to one path, whatever its source.
func linkTemporal(binary, place string) error {
	if binary == place {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		return fmt.Errorf("make the folder for programs: %w", err)
	}
	if err := os.Remove(place); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("replace %s: %w", place, err)
	}
	if err := os.Symlink(binary, place); err != nil {
		return fmt.Errorf("link the temporal command: %w", err)
	}
	return nil
}
