package dev

import (
	"context"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestRunStartsTheChildrenAndSaysHowToUseThem(t *testing.T) {
	t.Parallel()
	o, out := light(t)
	stop := start(t, o)
	out.await(t, "Lyo is ready after")
	out.await(t, fmt.Sprintf("curl -s localhost:%d/v1/auth/register", o.HTTPPort))
	require.NoError(t, stop())
	said := out.String()
	require.Contains(t, said, "migrate  | migrated\n")
	require.Less(t, strings.Index(said, "migrated"), strings.Index(said, "Lyo is ready"))
	_, err := get(o.HTTPPort, "/pid")
	require.Error(t, err, "the API is gone")
}

func TestASecondStartNamesTheFirst(t *testing.T) {
	t.Parallel()
	o, out := light(t)
	start(t, o)
	out.await(t, "Lyo is ready")
	err := Run(context.Background(), o)
	require.ErrorContains(t, err, fmt.Sprintf("process %d", os.Getpid()))
	require.ErrorContains(t, err, o.StateDir)
}

func TestATakenPortIsNamedWithItsVariable(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, listener.Close()) }()
	taken := listener.Addr().(*net.TCPAddr).Port
	for variable, set := range map[string]func(*Options){
		"LYO_HTTP_PORT":        func(o *Options) { o.HTTPPort = taken },
		"LYO_TEMPORAL_PORT":    func(o *Options) { o.TemporalPort = taken },
		"LYO_TEMPORAL_UI_PORT": func(o *Options) { o.UIPort = taken },
	} {
		o, _ := light(t, "TEMPORAL_ADDRESS=")
		o.TemporalPort, o.UIPort = freePort(t), freePort(t)
		set(&o)
		err := Run(context.Background(), o)
		require.ErrorContains(t, err, variable)
		require.ErrorContains(t, err, fmt.Sprintf("port %d", taken))
	}
}

func TestAFailedMigrationEndsTheStart(t *testing.T) {
	t.Parallel()
	o, _ := light(t, "FAKE_MIGRATE=fails")
	require.ErrorContains(t, Run(context.Background(), o), "no such column")
}

func TestAChildThatNeverGetsReadyEndsTheStart(t *testing.T) {
	t.Parallel()
	o, _ := light(t, "FAKE_API=dies")
	err := Run(context.Background(), o)
	require.ErrorContains(t, err, "api ended")
	require.ErrorContains(t, err, "cannot read the key")
}

func TestADyingChildIsStartedAgainUntilItDiesTooOften(t *testing.T) {
	t.Parallel()
	o, out := light(t)
	ended := make(chan error, 1)
	go func() { ended <- Run(context.Background(), o) }()
	out.await(t, "Lyo is ready")
	for range o.pace.deaths {
		alive := func() bool { _, err := get(o.HTTPPort, "/pid"); return err == nil }
		require.Eventually(t, alive, patience, 5*time.Millisecond)
		_, _ = get(o.HTTPPort, "/die")
	}
	select {
	case err := <-ended:
		require.ErrorContains(t, err, "api died 4 times in a row")
	case <-time.After(patience):
		require.Fail(t, "does not give up")
	}
	require.Contains(t, out.String(), "lyo      | api ended: exit status 3; starting again in 1ms")
}

func TestTooLittleSpaceIsSaid(t *testing.T) {
	t.Parallel()
	require.ErrorContains(t, checkSpace(t.TempDir(), 1<<62), "make room")
	require.NoError(t, checkSpace(t.TempDir(), 1))
}

func TestChildrenGetAllAddresses(t *testing.T) {
	t.Parallel()
	o, err := Options{StateDir: "/state", HTTPPort: 8123, Environ: []string{"HOME=/home/me", "REDIS_URL=redis://mine", "LYO_WORKER_VERSIONING=on"}}.withDefaults()
	require.NoError(t, err)
	s := newSupervisor(o)
	s.servers = servers{databaseURL: "postgres://db", redisURL: "redis://mine", temporalAddress: "t:1"}
	env := environ(s.childEnviron())
	for name, want := range map[string]string{
		"DATABASE_URL": "postgres://db", "REDIS_URL": "redis://mine", "TEMPORAL_ADDRESS": "t:1",
		"LYO_HTTP_PORT": "8123", "LYO_STATE_DIR": "/state", "LYO_ENV": "development", "HOME": "/home/me",
		"LYO_WORKER_VERSIONING": "off", // whatever the environment says: no run is pinned
	} {
		value, _ := env.LookupEnv(name)
		require.Equal(t, want, value, name)
	}
	s.o.EnginePort, s.o.Embeddings = 8190, "vectors"
	value, _ := environ(s.childEnviron()).LookupEnv("LYO_EMBEDDINGS_MODEL")
	require.Equal(t, "vectors", value, "the engine that is started makes embeddings")
	s.o.Environ = append(s.o.Environ, "LYO_ENV=test", "LYO_EMBEDDINGS_MODEL=mine")
	value, _ = environ(s.childEnviron()).LookupEnv("LYO_EMBEDDINGS_MODEL")
	require.Equal(t, "mine", value)
	value, _ = environ(s.childEnviron()).LookupEnv("LYO_ENV")
	require.Equal(t, "test", value)
}

func TestTheBannerHasNoSecrets(t *testing.T) {
	t.Parallel()
	for address, shown := range map[string]string{
		"postgres://lyo:hunter2@db:5432/lyo?sslmode=require&password=hunter2": "postgres://lyo@db:5432/lyo",
		"host=db user=lyo password=hunter2":                                   "as configured",
		"redis://:hunter2@cache:6379/0":                                       "redis://@cache:6379/0",
		"http://127.0.0.1:8080/v1":                                            "http://127.0.0.1:8080/v1",
		"postgres://lyo:hunter2%zz@db/lyo":                                    "as configured",
	} {
		require.Equal(t, shown, withoutSecrets(address))
		o := Options{StateDir: "/state", Environ: []string{"LYO_GEMMA_BASE_URL=" + address}}
		require.NotContains(t, banner(o, servers{databaseURL: address, redisURL: address}, 0), "hunter2")
	}
}
