package dev

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/lyoapp/lyo/deploy/local"
)

const patience = 60 * time.Second

// journal is an output whose text can be waited for.
type journal struct {
	mu   sync.Mutex
	text strings.Builder
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func (j *journal) await(t *testing.T, text string) {
	t.Helper()
	require.Eventually(t, func() bool { return strings.Contains(j.String(), text) }, patience, 5*time.Millisecond,
		"never said %q", text)
}

// polledTemporal is a fake Temporal whose every queue has a poller.
type polledTemporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
}

func (polledTemporal) GetSystemInfo(
	context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{}, nil
}

func (polledTemporal) DescribeTaskQueue(
	context.Context, *workflowservice.DescribeTaskQueueRequest,
) (*workflowservice.DescribeTaskQueueResponse, error) {
	return &workflowservice.DescribeTaskQueueResponse{Pollers: []*taskqueue.PollerInfo{{}}}, nil
}

func startPolledTemporal(t *testing.T) (address string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, polledTemporal{})
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		server.Stop()
		<-served
	})
	return listener.Addr().String()
}

// freePort returns a free port, very likely a different one for each call within one run of the tests.
func freePort(t *testing.T) int {
	t.Helper()
	port, err := local.FreePort()
	require.NoError(t, err)
	return port
}

// stateDir returns a folder that every user can reach, because root's Postgres runs as another one.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lyo-dev-")
	require.NoError(t, err)
	require.NoError(t, os.Chmod(dir, 0o711))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(dir)) })
	return filepath.Join(dir, "state")
}

// light returns options without servers of its own: only the children are started.
func light(t *testing.T, environ ...string) (Options, *journal) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	out := &journal{}
	return Options{
		StateDir: stateDir(t), HTTPPort: freePort(t), Self: self, Out: out,
		Environ: append([]string{
			"FAKE_LYO=1", "FAKE_WORKER=idle", "DATABASE_URL=postgres://elsewhere", "REDIS_URL=redis://elsewhere",
			"TEMPORAL_ADDRESS=" + startPolledTemporal(t), "PATH=" + os.Getenv("PATH"),
		}, environ...),
		pace: pace{first: time.Millisecond, longest: 50 * time.Millisecond, healthy: time.Hour, deaths: 4},
	}, out
}

// start runs the supervisor until the returned function is called.
func start(t *testing.T, o Options) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- Run(ctx, o) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = stop() })
	return stop
}

func get(port int, path string) (string, error) {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	return string(body), err
}
