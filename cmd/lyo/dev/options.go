package dev

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Options says what to run and where. Ports are on 127.0.0.1.
type Options struct {
	StateDir     string // keeps data and fetched programs between runs; ".lyo" when empty
	HTTPPort     int    // the API; 8000 when 0
	TemporalPort int    // 7233 when 0
	UIPort       int    // Temporal's web page; 8233 when 0
	PostgresPort int    // 0: a free one
	RedisPort    int    // 0: a free one
	MetricsPort  int    // the API's metrics; the worker has the next port; 0: none are served
	EnginePort   int    // the model server, lyo engine; 0: none is run
	Self         string // the lyo program, started as migrate, api and worker
	// Environ is the environment, os.Environ() when nil. Where DATABASE_URL,
	// REDIS_URL or TEMPORAL_ADDRESS are set, those servers are used and not started.
	Environ []string
	Out     io.Writer // os.Stdout when nil
	Color   bool      // colour the names before log lines

	pace pace // how fast to start again; a default when zero
}

func (o Options) withDefaults() (Options, error) {
	o.StateDir = cmp.Or(o.StateDir, ".lyo")
	o.HTTPPort = cmp.Or(o.HTTPPort, 8000)
	o.TemporalPort = cmp.Or(o.TemporalPort, 7233)
	o.UIPort = cmp.Or(o.UIPort, 8233)
	o.pace = cmp.Or(o.pace, pace{first: 250 * time.Millisecond, longest: 10 * time.Second, healthy: 10 * time.Second, deaths: 6})
	if o.Environ == nil {
		o.Environ = os.Environ()
	}
	if o.Out == nil {
		o.Out = os.Stdout
	}
	var err error
	if o.StateDir, err = filepath.Abs(o.StateDir); err != nil {
		return o, fmt.Errorf("make the state directory absolute: %w", err)
	}
	return o, nil
}

func (o Options) path(parts ...string) string {
	return filepath.Join(append([]string{o.StateDir}, parts...)...)
}

func (o Options) pidFile(name string) string { return o.path("run", name+".pid") }

// getenv is the last value a variable has in the options' environment.
func (o Options) getenv(name string) string {
	value, _ := environ(o.Environ).LookupEnv(name)
	return value
}

// environ is an environment that need not be this process's own.
type environ []string

// Environ is all of it.
func (e environ) Environ() []string { return e }

// LookupEnv is like os.LookupEnv; of several values the last counts.
func (e environ) LookupEnv(name string) (string, bool) {
	for _, pair := range slices.Backward(e) {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value, true
		}
	}
	return "", false
}
