package main

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/lyoapp/lyo/deploy/local"
)

// startTemporal starts a server for this test alone.
func startTemporal(t *testing.T) *local.Temporal {
	t.Helper()
	bin := os.Getenv("TEST_TEMPORAL_BIN")
	require.NotEmpty(t, bin, "run the tests by make test")
	server, err := local.StartTemporal(t.Context(), local.TemporalOptions{Binary: bin, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return server
}

// TestWorkersWaitForATemporalThatWentAgain checks that a Temporal that stops while
// workers start does not end the process.
func TestWorkersWaitForATemporalThatWentAgain(t *testing.T) {
	t.Parallel()
	server := startTemporal(t)
	var gone atomic.Int32
	away := func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if strings.HasSuffix(method, "/DescribeNamespace") && gone.Add(1) <= 2 {
			return status.Error(codes.DeadlineExceeded, "gone")
		}
		return call(ctx, method, req, reply, conn, opts...)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), nil))
	temporal, err := client.NewLazyClient(client.Options{
		HostPort: server.Address(), Logger: log,
		ConnectionOptions: client.ConnectionOptions{DialOptions: []grpc.DialOption{grpc.WithChainUnaryInterceptor(away)}},
	})
	require.NoError(t, err)
	t.Cleanup(temporal.Close)

	a := &app{temporal: temporal, log: log}
	greet := func(workflow.Context) (string, error) { return "ran", nil }
	made := 0
	stop, err := a.startWorkers(t.Context(), func() []worker.Worker {
		made++
		w := worker.New(temporal, "queue", worker.Options{})
		w.RegisterWorkflowWithOptions(greet, workflow.RegisterOptions{Name: "greet"})
		return []worker.Worker{w}
	})
	require.NoError(t, err)
	defer stop()
	require.Equal(t, 3, made)
	run, err := temporal.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "queue"}, "greet")
	require.NoError(t, err)
	var said string
	require.NoError(t, run.Get(t.Context(), &said))
	require.Equal(t, "ran", said)
}
