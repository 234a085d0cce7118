package isolate_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/extract/extracttest"
	"github.com/lyoapp/lyo/activities/extract/isolate"
)

// slow returns a document whose reading takes many times a second, on any machine.
func slow() extracttest.Hostile { return extracttest.Slow() }

// heavy returns one whose reading takes more memory than allowed.
func heavy() extracttest.Hostile { return extracttest.HostileDocuments(19)[14] }

func TestAReaderThatTakesTooMuchMemory(t *testing.T) {
	t.Parallel()
	needsItsOwnLimits(t)
	h := heavy()
	_, err := read(t, reader(t, isolate.Limits{}), h.MediaType, h.Body)
	refused(t, err, extract.ErrTooHeavy)
}

func TestAReaderThatComputesTooLong(t *testing.T) {
	t.Parallel()
	h := slow()
	began := time.Now()
	_, err := read(t, reader(t, isolate.Limits{CPU: time.Second}), h.MediaType, h.Body)
	refused(t, err, extract.ErrTooSlow)
	require.Less(t, time.Since(began), time.Minute)
}

func refused(t *testing.T, err, kind error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	refusal, ok := errors.AsType[*refusal.Error](err)
	require.True(t, ok)
	require.NotEmpty(t, refusal.Reason)
}

func TestNobodyWaitsAnyMore(t *testing.T) {
	t.Parallel()
	r := reader(t, isolate.Limits{})
	require.NoError(t, r.Warm(t.Context()))
	ctx, cancel := context.WithCancel(t.Context())
	h := slow()
	_, err := r.Read(ctx, h.MediaType, int64(len(h.Body)), &announcing{Reader: strings.NewReader(string(h.Body)), at: func() { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	_, final := errors.AsType[*refusal.Error](err)
	require.False(t, final, "the document is not to blame")
}

// announcing calls at when the document begins to be read.
type announcing struct {
	io.Reader

	once sync.Once
	at   func()
}

func (a *announcing) Read(into []byte) (int, error) {
	a.once.Do(a.at)
	return a.Reader.Read(into)
}

func TestADocumentThatCannotBeHad(t *testing.T) {
	t.Parallel()
	fault := errors.New("the database is away")
	_, err := reader(t, isolate.Limits{}).Read(t.Context(), extract.Text, 100, io.MultiReader(strings.NewReader("half"), failing{fault}))
	require.ErrorIs(t, err, fault)
	_, err = reader(t, isolate.Limits{}).Read(t.Context(), extract.Text, 100, strings.NewReader("half"))
	require.Error(t, err)
	_, final := errors.AsType[*refusal.Error](err)
	require.False(t, final, "the document is not to blame")
}

type failing struct{ error }

func (f failing) Read([]byte) (int, error) { return 0, f.error }

func TestACacheThatOthersMayWriteToIsNotRun(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o777))
	r := isolate.New(isolate.Options{Args: []string{serve}, CacheDir: dir})
	require.ErrorContains(t, r.Warm(t.Context()), "only you may write there")
}

// TestAReaderKnowsNoSecretAndWritesNoFile checks from inside the process.
func TestAReaderKnowsNoSecretAndWritesNoFile(t *testing.T) {
	t.Setenv("LYO_SECRET", "open sesame")
	file := filepath.Join(t.TempDir(), "secret")
	r := isolate.New(isolate.Options{Args: []string{inspect, file}, CacheDir: cache(t)})
	_, err := r.Read(t.Context(), extract.Text, 5, strings.NewReader("words"))
	require.ErrorContains(t, err, "environment: [PATH=/nowhere]")
	require.ErrorContains(t, err, "file too large")
}

// TestAReaderDiesWithItsWorker kills a worker while it reads, as a machine short of memory
// does.
func TestAReaderDiesWithItsWorker(t *testing.T) {
	t.Parallel()
	needsProc(t)
	r := reader(t, isolate.Limits{})
	require.NoError(t, r.Warm(t.Context()))
	worker := exec.Command("/proc/self/exe", work, cache(t))
	out, err := worker.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, worker.Start())
	child, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	child = strings.TrimSpace(child)
	require.True(t, alive(child))
	require.NoError(t, worker.Process.Kill())
	_ = worker.Wait()
	require.Eventually(t, func() bool { return !alive(child) }, time.Minute, time.Millisecond)
}

// workUntilKilled is a worker that reads a slow document and prints its reader's process id.
func workUntilKilled(cacheDir string) {
	h := slow()
	r := isolate.New(isolate.Options{Args: []string{serve}, CacheDir: cacheDir})
	_ = r.Warm(context.Background())
	report := func() {
		for _, p := range children(os.Getpid()) {
			fmt.Println(p)
		}
	}
	for {
		body := &announcing{Reader: strings.NewReader(string(h.Body)), at: report}
		_, _ = r.Read(context.Background(), h.MediaType, int64(len(h.Body)), body)
	}
}

// needsItsOwnLimits skips tests of what documents take under the race detector, which takes eight times as much
// of everything: TestLimitsWithoutTheRaceDetector runs them.
func needsItsOwnLimits(t *testing.T) {
	t.Helper()
	if isolate.Raced {
		t.Skip("run without the race detector")
	}
}

// TestLimitsWithoutTheRaceDetector runs the tests of what documents take in a program built without it.
func TestLimitsWithoutTheRaceDetector(t *testing.T) {
	t.Parallel()
	if !isolate.Raced {
		t.Skip("they run by themselves")
	}
	out, err := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "-vet=off",
		"-run", "^(TestAReaderThatTakesTooMuchMemory|TestHostileDocuments|TestWhatDocumentsTakeAtMost)$", ".").CombinedOutput()
	t.Log(string(out))
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(out), "\n--- "), "each has its end")
}

// needsProc skips tests that need /proc.
func needsProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
}

func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat[bytes.LastIndexByte(stat, ')'):]), ") Z")
}

// children returns the processes that a process has started.
func children(parent int) []string {
	found, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []string
	for _, path := range found {
		stat, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		if len(fields) > 1 && fields[1] == fmt.Sprint(parent) {
			out = append(out, strings.Split(path, "/")[2])
		}
	}
	return out
}

// TestWhatDocumentsTakeAtMost reads hostile documents two at a time, as a worker does, and
// measures this process and its readers together.
func TestWhatDocumentsTakeAtMost(t *testing.T) {
	needsProc(t)
	needsItsOwnLimits(t)
	r := reader(t, isolate.Limits{})
	require.NoError(t, r.Warm(t.Context()))
	docs := extracttest.HostileDocuments(19)
	idle := memory(os.Getpid())
	stop, peak := make(chan struct{}), make(chan int64, 1)
	go func() {
		var most int64
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				peak <- most
				return
			case <-ticker.C:
				now := memory(os.Getpid())
				for _, p := range children(os.Getpid()) {
					var pid int
					_, _ = fmt.Sscan(p, &pid)
					now += memory(pid)
				}
				most = max(most, now)
			}
		}
	}()
	var two sync.WaitGroup
	for half := range 2 {
		two.Go(func() {
			for i := half; i < len(docs); i += 2 {
				_, _ = r.Read(t.Context(), docs[i].MediaType, int64(len(docs[i].Body)), strings.NewReader(string(docs[i].Body)))
			}
		})
	}
	two.Wait()
	close(stop)
	most := <-peak
	t.Logf("idle %d MiB, at most %d MiB above it", idle>>20, (most-idle)>>20)
	require.Less(t, most-idle, int64(256<<20))
	require.Empty(t, children(os.Getpid()), "what they took is given back")
}

// memory returns the private memory of a process, in bytes.
func memory(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	_, _ = fmt.Sscan(string(text), &size, &resident, &shared)
	return (resident - shared) * int64(syscall.Getpagesize())
}
