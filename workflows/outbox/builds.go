package outbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"

	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// Builds says which runs follow the builds of their workers, where workers are versioned.
type Builds struct {
	// Deployment is the name of the worker deployment.
	Deployment string
	// MoveAfter is how long no worker of a build may have polled before its pinned runs move. A run that
	// was moved and fails for half as long is ended.
	MoveAfter time.Duration

	missed map[string]time.Time // by build: since when this process has seen no worker of it
}

// reconcileBuilds moves the runs that are pinned to a build without workers to the current one, and ends those
// which that one cannot replay. It does nothing where workers never were versioned.
func (r *Reconciler) reconcileBuilds(ctx context.Context) error {
	if r.Builds.Deployment == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if there, err := r.hasDeployment(ctx); err != nil || !there {
		return err
	}
	found, err := r.Dispatcher.Temporal.WorkerDeploymentClient().GetHandle(r.Builds.Deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	if err != nil {
		return fmt.Errorf("look at deployment %s: %w", r.Builds.Deployment, err)
	}
	polled, err := r.polledBuilds(ctx)
	if err != nil {
		return err
	}
	var faults []error
	routing := found.Info.RoutingConfig
	for _, v := range found.Info.VersionSummaries {
		if is(routing.CurrentVersion, v.Version) || is(routing.RampingVersion, v.Version) ||
			v.DrainageStatus == client.WorkerDeploymentVersionDrainageStatusDrained {
			delete(r.Builds.missed, v.Version.BuildID)
			continue
		}
		if r.abandoned(v.Version.BuildID, polled) {
			faults = append(faults, r.moveRuns(ctx, v.Version))
		}
	}
	return errors.Join(append(faults, r.endMovedRuns(ctx))...)
}

// hasDeployment reports whether workers ever were versioned. Temporal logs an error when a deployment is asked for that is not there.
func (r *Reconciler) hasDeployment(ctx context.Context) (bool, error) {
	all, err := r.Dispatcher.Temporal.WorkerDeploymentClient().List(ctx, client.WorkerDeploymentListOptions{})
	for err == nil && all.HasNext() {
		var one *client.WorkerDeploymentListEntry
		if one, err = all.Next(); err == nil && one.Name == r.Builds.Deployment {
			return true, nil
		}
	}
	if err != nil {
		return false, fmt.Errorf("list deployments: %w", err)
	}
	return false, nil
}

func is(a *worker.WorkerDeploymentVersion, b worker.WorkerDeploymentVersion) bool {
	return a != nil && *a == b
}

// polledBuilds returns when each build was last polled for, as far as Temporal and the workers' own signs of life say.
func (r *Reconciler) polledBuilds(ctx context.Context) (map[string]time.Time, error) {
	polled, err := store.LivingBuilds(ctx, r.Dispatcher.DB)
	if err != nil {
		return nil, err
	}
	stats, err := workflows.ReadQueueStats(ctx, r.Dispatcher.Temporal, r.Namespace, nil)
	for _, queue := range stats {
		for build, at := range queue.Builds {
			if at.After(polled[build]) {
				polled[build] = at
			}
		}
	}
	return polled, err
}

// abandoned reports whether no worker of a build has polled for MoveAfter. Temporal forgets a poller after some
// minutes: a build of which nothing is known counts from when this process first missed it.
func (r *Reconciler) abandoned(build string, polled map[string]time.Time) bool {
	now := r.Clock()
	if at, known := polled[build]; known {
		delete(r.Builds.missed, build)
		return now.Sub(at) >= r.Builds.MoveAfter
	}
	if r.Builds.missed == nil {
		r.Builds.missed = map[string]time.Time{}
	}
	if _, missed := r.Builds.missed[build]; !missed {
		r.Builds.missed[build] = now
	}
	return now.Sub(r.Builds.missed[build]) >= r.Builds.MoveAfter
}

// moveRuns lets the runs pinned to a version go on with the current one. Moving a run twice is harmless.
func (r *Reconciler) moveRuns(ctx context.Context, from worker.WorkerDeploymentVersion) error {
	query := fmt.Sprintf("ExecutionStatus = 'Running' AND TemporalWorkflowVersioningBehavior = 'Pinned' AND TemporalWorkerDeploymentVersion = '%s:%s'",
		from.DeploymentName, from.BuildID)
	var faults []error
	err := workflows.EachRun(ctx, r.Dispatcher.Temporal, r.Namespace, query, func(run *workflow.WorkflowExecutionInfo) error {
		faults = append(faults, r.moveRun(ctx, run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId(), from.BuildID))
		return nil
	})
	if err != nil {
		faults = append(faults, fmt.Errorf("look at build %s: %w", from.BuildID, err))
	}
	return errors.Join(faults...)
}

func (r *Reconciler) moveRun(ctx context.Context, id, runID, build string) error {
	_, err := r.Dispatcher.Temporal.UpdateWorkflowExecutionOptions(ctx, client.UpdateWorkflowExecutionOptionsRequest{
		WorkflowId: id, RunId: runID,
		WorkflowExecutionOptionsChanges: client.WorkflowExecutionOptionsChanges{
			VersioningOverride: &client.VersioningOverrideChange{Value: &client.AutoUpgradeVersioningOverride{}},
		},
	})
	if _, ended := errors.AsType[*serviceerror.NotFound](err); ended {
		return nil
	}
	if err != nil {
		return fmt.Errorf("move run %s: %w", id, err)
	}
	r.Log.WarnContext(ctx, "a run goes on with the current build, because no worker of its own is left", "workflow_id", id, "build", build)
	return nil
}

// endMovedRuns terminates the moved runs whose workflow task keeps failing: the current build cannot replay them.
// The passes over rows that follow end what belongs to them.
func (r *Reconciler) endMovedRuns(ctx context.Context) error {
	stuck, err := workflows.LookForStuckRuns(ctx, r.Dispatcher.Temporal, r.Namespace, r.Clock())
	faults := []error{err}
	for _, run := range stuck {
		if run.Moved && run.Failing && r.Clock().Sub(run.Since) >= r.Builds.MoveAfter/2 {
			faults = append(faults, r.Dispatcher.terminate(ctx, run.ID, "No worker of the run's build is left, and the current build cannot go on with it."))
		}
	}
	return errors.Join(faults...)
}
