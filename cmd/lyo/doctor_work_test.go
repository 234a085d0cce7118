package main

import (
	"io"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/config"
)

// TestDoctorSeesThatVersioningWasSwitchedOff has a build that is current still, while the workers are versioned no more: nobody
// would do the new work.
func TestDoctorSeesThatVersioningWasSwitchedOff(t *testing.T) {
	t.Parallel()
	server := startTemporal(t)
	temporal, err := client.Dial(client.Options{HostPort: server.Address(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)
	cfg := config.Config{Temporal: config.Temporal{Address: server.Address(), Namespace: "default"}, Versions: config.Versions{Deployment: "lyo"}}
	rollout := func(versioning string) finding {
		d := doctor{cfg: cfg, temporal: temporal}
		d.cfg.Versions.Versioning = versioning
		return d.rollout(t.Context())
	}
	require.Equal(t, finding{}, rollout("off"), "workers were never versioned")

	w := worker.New(temporal, "lyo", worker.Options{DeploymentOptions: worker.DeploymentOptions{
		UseVersioning: true, Version: worker.WorkerDeploymentVersion{DeploymentName: "lyo", BuildID: "first"},
		DefaultVersioningBehavior: workflow.VersioningBehaviorPinned,
	}})
	w.RegisterWorkflowWithOptions(func(workflow.Context) error { return nil }, workflow.RegisterOptions{Name: "GenerateCourse"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	require.NoError(t, current{build: "first"}.set(t.Context(), cfg, io.Discard))
	require.Equal(t, finding{"rollout", fine, "new work goes to build first", ""}, rollout("on"))
	require.Equal(t, finding{
		"rollout", fault, "LYO_WORKER_VERSIONING is off, and new work goes only to workers of build first",
		"lyo worker current --unversioned; or set LYO_WORKER_VERSIONING=on",
	}, rollout("off"))
	require.NoError(t, current{unversioned: true}.set(t.Context(), cfg, io.Discard))
	require.Equal(t, finding{}, rollout("off"))
	require.Equal(t, fault, rollout("on").Status)
}
