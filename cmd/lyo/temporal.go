package main

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/contrib/envconfig"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/workflows/payload"
)

// openTemporal makes a client. TLS, API keys and profiles come from the SDK's own
// variables, so a machine under a desk, a cluster and Temporal Cloud differ by
// those alone. It contacts nobody.
func openTemporal(cfg config.Config, t telling, log *slog.Logger) (client.Client, error) {
	options, err := envconfig.LoadDefaultClientOptions()
	if err != nil {
		return nil, fmt.Errorf("temporal settings: %w", err)
	}
	options.HostPort, options.Namespace = cfg.Temporal.Address, cfg.Temporal.Namespace
	options.Logger = sdklog.NewStructuredLogger(log)
	options.Identity = t.identity
	keys, err := payload.ParseKeys(cfg.Payload.Keys.Reveal())
	if err != nil {
		return nil, err
	}
	options.DataConverter, options.FailureConverter = payload.Converter(keys), payload.Failures(keys)
	if t.metrics != nil {
		options.MetricsHandler = t.metrics.SDK()
	}
	if t.traces != nil {
		if options.Interceptors, err = t.traces.Temporal(); err != nil {
			return nil, err
		}
	}
	return client.NewLazyClient(options)
}

// The defaults of config, which give way to a profile.
const (
	usualAddress   = "127.0.0.1:7233"
	usualNamespace = "default"
)

// withProfile takes address and namespace from the SDK's profile (TEMPORAL_CONFIG_FILE,
// TEMPORAL_PROFILE) where the environment does not name them.
func withProfile(t config.Temporal, environ []string) (config.Temporal, error) {
	options, err := envconfig.LoadClientOptions(envconfig.LoadClientOptionsRequest{EnvLookup: variables(environ)})
	if err != nil {
		return t, fmt.Errorf("temporal settings: %w", err)
	}
	if t.Address == usualAddress && options.HostPort != "" {
		t.Address = options.HostPort
	}
	if t.Namespace == usualNamespace && options.Namespace != "" {
		t.Namespace = options.Namespace
	}
	return t, nil
}

// variables is an environment that need not be this process's own.
type variables []string

// Environ is all of it.
func (v variables) Environ() []string { return v }

// LookupEnv is like os.LookupEnv; of several values the last counts.
func (v variables) LookupEnv(name string) (string, bool) {
	for _, pair := range slices.Backward(v) {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value, true
		}
	}
	return "", false
}

// identity names this process among those that poll.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

// deployment is which build this worker is of. Versioned, a run stays with the
// build that began it, unless its workflow says otherwise.
func (a *app) deployment() worker.DeploymentOptions {
	version := worker.WorkerDeploymentVersion{DeploymentName: a.cfg.Versions.Deployment, BuildID: buildID(a.cfg)}
	if !a.cfg.Versions.On() {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned}
}

// buildID is the one configured, or the commit this program was built from.
func buildID(cfg config.Config) string {
	if cfg.Versions.BuildID != "" {
		return cfg.Versions.BuildID
	}
	return version()
}

var errNoBuildID = errors.New("LYO_WORKER_VERSIONING is on, but this program does not know its commit: build it from a git checkout, or set LYO_BUILD_ID")

// versionable tells whether the build has a name that differs from the next one's.
func versionable(cfg config.Config) error {
	if id := buildID(cfg); cfg.Versions.On() && (id == "" || id == "unknown" || id == "(devel)") {
		return errNoBuildID
	}
	return nil
}
