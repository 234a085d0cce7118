package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/config"
)

// pollsWithin is how long workers that were just started have to begin to poll.
const pollsWithin = 2 * time.Minute

// current is the choice of the build that gets new work.
type current struct {
	build         string
	unversioned   bool
	missingQueues bool // whether it may leave queues of the build before unpolled
}

// workerCommand returns the command that runs a worker, and those on the builds of workers.
func workerCommand(environ []string) *cobra.Command {
	cmd := serviceCommand("worker", "Run workflows and activities", environ, (*app).serveWorker)
	cmd.AddCommand(currentCommand(environ))
	return cmd
}

func currentCommand(environ []string) *cobra.Command {
	var c current
	cmd := &cobra.Command{
		Use: "current", Short: "Give new work, and the runs that upgrade by themselves, to the workers of a build", Args: cobra.NoArgs,
		Long: "Makes a build the current one, where workers run with LYO_WORKER_VERSIONING=on: new runs begin on it, and open runs\n" +
			"that are not pinned go on with it. Its workers have to poll; ones just started are waited for. The same command\n" +
			"with the older build goes back.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			if c.build == "" && !c.unversioned {
				c.build = buildID(cfg)
			}
			return c.set(cmd.Context(), cfg, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVar(&c.build, "build-id", "", "the build; that of this program if not given")
	cmd.Flags().BoolVar(&c.unversioned, "unversioned", false, "the workers with LYO_WORKER_VERSIONING=off")
	cmd.Flags().BoolVar(&c.missingQueues, "ignore-missing-task-queues", false, "accept a build that does not poll every queue of the one before")
	cmd.MarkFlagsMutuallyExclusive("build-id", "unversioned")
	return cmd
}

func (c current) set(ctx context.Context, cfg config.Config, out io.Writer) error {
	cfg.Temporal.Address = temporalAddress(cfg)
	server, err := openTemporal(cfg, telemetry{identity: identity()}, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer server.Close()
	ctx, cancel := context.WithTimeout(ctx, pollsWithin)
	defer cancel()
	deployment := server.WorkerDeploymentClient().GetHandle(cfg.Versions.Deployment)
	ticker := time.NewTicker(500 * time.Millisecond)
	defer ticker.Stop()
	for {
		_, err := deployment.SetCurrentVersion(ctx, client.WorkerDeploymentSetCurrentVersionOptions{
			BuildID: c.build, IgnoreMissingTaskQueues: c.missingQueues,
		})
		if err == nil {
			fmt.Fprintln(out, "new work goes to", c.name())
			return nil
		}
		if !passing(err) {
			return fmt.Errorf("make %s current: %w", c.name(), err)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s cannot be made current, do its workers run, with LYO_WORKER_VERSIONING=on? %w", c.name(), err)
		case <-ticker.C:
		}
	}
}

func (c current) name() string {
	if c.unversioned {
		return "unversioned workers"
	}
	return "build " + c.build
}

// passing reports whether trying again may help: the workers do not poll, or not yet all queues, or Temporal is busy.
func passing(err error) bool {
	_, unknown := errors.AsType[*serviceerror.NotFound](err)
	_, missing := errors.AsType[*serviceerror.FailedPrecondition](err)
	_, slow := errors.AsType[*serviceerror.DeadlineExceeded](err)
	_, away := errors.AsType[*serviceerror.Unavailable](err)
	return unknown || missing || slow || away || errors.Is(err, context.DeadlineExceeded)
}
