package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/storetest"
)

var lyo string // the program under test

func TestMain(m *testing.M) {
	flag.Parse()
	waitTogether()
	if lyo = *program; lyo != "" {
		os.Exit(m.Run())
	}
	dir, err := os.MkdirTemp("", "lyo-e2e-")
	if err != nil {
		panic(err)
	}
	lyo, buildRaced = build(dir, "lyo"), sync.OnceValue(func() string { return build(dir, "lyo-raced", "-race") })
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// build builds the program into a directory.
func build(dir, name string, flags ...string) string {
	path := filepath.Join(dir, name)
	command := exec.Command("go", append(append([]string{"build"}, flags...), "-o", path, "github.com/lyoapp/lyo/cmd/lyo")...)
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		panic(err)
	}
	return path
}

// buildRaced builds the program with the race detector, once. By default it is the one that was built before.
var buildRaced = func() string { return lyo }

// waitTogether runs twice as many tests at a time as there are processors, unless a number
// was given: tests mostly wait for other processes.
func waitTogether() {
	usual := runtime.GOMAXPROCS(0)
	if at := flag.Lookup("test.parallel"); at.Value.String() == strconv.Itoa(usual) {
		_ = at.Value.Set(strconv.Itoa(2 * usual)) // a number
	}
}

// system is everything a Lyo needs, and the processes of one.
type system struct {
	t        *testing.T
	program  string // the one that its processes run
	dir      string
	database string
	redis    string
	temporal *local.Temporal
	model    *llmtest.Server
	apis     []*api
	worker   *local.Process
	extra    []string  // environment on top
	out      io.Writer // of the processes
	end      func(*local.Process)
}

// api is one API process.
type api struct {
	*local.Process
	base string
}

func newSystem(t *testing.T, extra ...string) *system {
	t.Helper()
	s := &system{
		t: t, program: lyo, dir: t.TempDir(), database: storetest.URL(t), redis: storetest.RedisURL(t), model: llmtest.New(t), extra: extra, out: t.Output(), end: stop,
	}
	t.Cleanup(s.requireNoRace) // once all processes have ended
	s.startTemporal(0)
	t.Cleanup(func() { _ = s.temporal.Stop(context.Background()) })
	return s
}

// detectRaces has processes that start from now on watched by the race detector: the test fails when it reports
// anything. It takes several times the processor and the memory, so it is for tests that do much at once.
func (s *system) detectRaces() {
	s.t.Helper()
	s.program = buildRaced()
}

// requireNoRace checks that the race detector has reported nothing, also of processes that were killed.
func (s *system) requireNoRace() {
	for _, report := range raceReports(s.t, s.dir) {
		s.t.Error(report)
	}
}

// newLearnerSystem returns a system with one API, one worker and a learner.
func newLearnerSystem(t *testing.T) (*system, *learner) {
	t.Helper()
	s := newSystem(t)
	a := s.addAPI()
	s.startWorker()
	return s, a.register(t, "ada@example.com")
}

func (s *system) startTemporal(port int) {
	s.t.Helper()
	bin := os.Getenv("TEST_TEMPORAL_BIN")
	require.NotEmpty(s.t, bin, "run the tests by make test")
	var err error
	s.temporal, err = local.StartTemporal(s.t.Context(), local.TemporalOptions{
		Binary: bin, Port: port, DBFile: filepath.Join(s.dir, "temporal.db"), Out: s.t.Output(),
	})
	require.NoError(s.t, err)
}

func (s *system) environ(port int) []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, "LYO_STATE_DIR=" + s.dir, "DATABASE_URL=" + s.database, "REDIS_URL=" + s.redis,
		"TEMPORAL_ADDRESS=" + s.temporal.Address(), "LYO_GEMMA_BASE_URL=" + s.model.BaseURL(), "LYO_GEMMA_MODEL=" + s.model.Model(),
		"LYO_HTTP_PORT=" + strconv.Itoa(port), "LYO_BCRYPT_COST=4", "LYO_GEMMA_PARALLEL=2", "LYO_GEMMA_FALLBACK=off",
		"LYO_STOP_WITHIN=10s", "LYO_PUBLIC_URL=http://lyo.test", "LYO_SOURCES=none", "LYO_PDF_CACHE_DIR=" + pdfCache(),
		"GORACE=" + raceLog(s.dir),
	}, s.extra...)
}

// pdfCache is kept between runs and shared by all, since compiling the PDF reader takes long.
func pdfCache() string {
	kept, err := os.UserCacheDir()
	if err != nil {
		kept = os.TempDir()
	}
	return filepath.Join(kept, "lyo-test", "pdfium")
}

func (s *system) start(name string, port int, extra ...string) *local.Process {
	s.t.Helper()
	p, err := s.launch(name, port, extra...)
	require.NoError(s.t, err)
	return p
}

// launch starts a process, from any goroutine.
func (s *system) launch(name string, port int, extra ...string) (*local.Process, error) {
	p, err := local.Start(local.Spec{Name: name, Path: s.program, Args: []string{name}, Env: append(s.environ(port), extra...), Out: s.out})
	if err == nil {
		s.t.Cleanup(func() { s.end(p) })
	}
	return p, err
}

// stop stops a process gracefully.
func stop(p *local.Process) {
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Second)
	defer cancel()
	_ = p.Stop(ctx)
}

// addAPI starts another API process and waits until it is ready.
func (s *system) addAPI(extra ...string) *api {
	s.t.Helper()
	a, err := s.tryAPI(extra...)
	require.NoError(s.t, err)
	s.apis = append(s.apis, a)
	return a
}

// replaceAPI kills one of the processes that others use under a lock, and starts another one in its place.
func (s *system) replaceAPI(mu sync.Locker, apis []*api, n int) {
	s.t.Helper()
	kill(s.t, apis[n].Process)
	fresh, err := s.tryAPI()
	require.NoError(s.t, err)
	mu.Lock()
	defer mu.Unlock()
	apis[n] = fresh
}

// tryAPI is addAPI for a process that only the caller uses, from any goroutine.
func (s *system) tryAPI(extra ...string) (*api, error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, err
	}
	p, err := s.launch("api", port, extra...)
	if err != nil {
		return nil, err
	}
	a := &api{p, fmt.Sprintf("http://127.0.0.1:%d", port)}
	ready := answersAt(a.base + "/v1/health/ready")
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	return a, local.AwaitReady(ctx, a.Process, ready)
}

func (s *system) startWorker() { s.worker = s.start("worker", 1) }

// kill ends a process as a power cut would.
func kill(t *testing.T, p *local.Process) {
	t.Helper()
	require.NoError(t, syscall.Kill(p.PID(), syscall.SIGKILL))
	<-p.Done()
}

// temporalCLI runs the temporal command against the system's server.
func (s *system) temporalCLI(args ...string) {
	s.t.Helper()
	args = append(args, "--address", s.temporal.Address())
	out, err := exec.CommandContext(s.t.Context(), os.Getenv("TEST_TEMPORAL_BIN"), args...).CombinedOutput()
	require.NoError(s.t, err, string(out))
}

// history returns a run's history as the temporal command shows it.
func (s *system) history(t *testing.T, workflow string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), os.Getenv("TEST_TEMPORAL_BIN"),
		"workflow", "show", "--workflow-id", workflow, "--output", "json", "--address", s.temporal.Address()).CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

// operate runs a command of the program to its end.
func (s *system) operate(args ...string) (out, errs string, err error) {
	s.t.Helper()
	return s.lyoAt(1, args...)
}

// command returns one of the program's commands, with an API's port.
func (s *system) command(port int, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(s.t.Context(), s.program, args...)
	cmd.Env = s.environ(port)
	return cmd
}

// answersAt returns a probe that succeeds once an address answers 200.
func answersAt(address string) func(context.Context) error {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s answers %d", address, answer.StatusCode)
		}
		return nil
	}
}
