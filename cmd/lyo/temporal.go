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

// openTemporal returns a client. TLS, API keys and profiles come from the SDK's own variables, so that
// a development machine, a cluster and Temporal Cloud differ only in those. It opens no connection.
func openTemporal(cfg config.Config, t telemetry, log *slog.Logger) (client.Client, error) {
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

// The defaults of config, which a profile overrides.
const (
	usualAddress   = "127.0.0.1:7233"
	usualNamespace = "default"
)

// withProfile takes address and namespace from the SDK's profile (TEMPORAL_CONFIG_FILE,
// TEMPORAL_PROFILE) unless the environment sets them.
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

// variables is an environment as KEY=VALUE lines, which may differ from the process's.
type variables []string

// Environ returns all variables.
func (v variables) Environ() []string { return v }

// LookupEnv is like os.LookupEnv; the last of several values applies.
func (v variables) LookupEnv(name string) (string, bool) {
	for _, pair := range slices.Backward(v) {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value, true
		}
	}
	return "", false
}

// identity returns the name of this process among the pollers.
func identity() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

// deployment returns the worker's deployment options. With versioning a run stays with the build that
// started it, unless its workflow is registered otherwise.
func (a *app) deployment() worker.DeploymentOptions {
	version := worker.WorkerDeploymentVersion{DeploymentName: a.cfg.Versions.Deployment, BuildID: buildID(a.cfg)}
	if !a.cfg.Versions.On() {
		return worker.DeploymentOptions{}
	}
	return worker.DeploymentOptions{UseVersioning: true, Version: version, DefaultVersioningBehavior: workflow.VersioningBehaviorPinned}
}

// buildID returns the configured id, or the commit this program was built from.
func buildID(cfg config.Config) string {
	if cfg.Versions.BuildID != "" {
		return cfg.Versions.BuildID
	}
	return version()
}

var errNoBuildID = errors.New("LYO_WORKER_VERSIONING is on, but this program does not know its commit: build it from a git checkout, or set LYO_BUILD_ID")

// versionable returns an error if versioning is on and the build has no id of its own.
func versionable(cfg config.Config) error {
	if id := buildID(cfg); cfg.Versions.On() && (id == "" || id == "unknown" || id == "(devel)") {
		return errNoBuildID
	}
	return nil
}
