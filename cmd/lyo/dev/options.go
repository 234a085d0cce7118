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

// Options configures a run. Ports are on 127.0.0.1.
type Options struct {
	StateDir     string // directory of data and downloaded programs; ".lyo" when empty
	HTTPPort     int    // the API; 8000 when 0
	TemporalPort int    // 7233 when 0
	UIPort       int    // Temporal's web page; 8233 when 0
	PostgresPort int    // 0: a free one
	RedisPort    int    // 0: a free one
	MetricsPort  int    // the API's metrics; the worker has the next port; 0: not served
	EnginePort   int    // the model server, lyo engine; 0: not run
	Embeddings   string // the model of that server that makes embeddings, as it names it; empty: none
	Self         string // the lyo program, started as migrate, api and worker
	// Environ is the environment, os.Environ() when nil. If DATABASE_URL, REDIS_URL or
	// TEMPORAL_ADDRESS is set, that server is used and none is started.
	Environ []string
	Out     io.Writer // os.Stdout when nil
	Color   bool      // Out is a terminal: colour the names before log lines, show how far long work is

	pace pace // of restarts; a default when zero
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

// getenv returns the last value of a variable in the options' environment.
func (o Options) getenv(name string) string {
	value, _ := environ(o.Environ).LookupEnv(name)
	return value
}

// environ is an environment that may differ from the process's.
type environ []string

// Environ returns all variables.
func (e environ) Environ() []string { return e }

// LookupEnv is like os.LookupEnv; the last of several values applies.
func (e environ) LookupEnv(name string) (string, bool) {
	for _, pair := range slices.Backward(e) {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value, true
		}
	}
	return "", false
}
