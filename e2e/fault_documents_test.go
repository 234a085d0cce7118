package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract/extracttest"
)

// mostOfAWorker is the memory limit of a worker in deploy/kubernetes.
const mostOfAWorker = 1 << 30

// TestFaultHostileDocuments has two users upload documents that harm their reader, to a
// worker with the memory limit of Kubernetes, while another user has a page read.
func TestFaultHostileDocuments(t *testing.T) {
	needsProc(t)
	s := newSystem(t, "LYO_RATE_LIMITS=off", "LYO_LOG_LEVEL=warn")
	a := s.addAPI()
	s.startWorker()
	box := confine(t, s.worker.PID(), mostOfAWorker)
	mallory, trudy, ada := a.register(t, "mallory@example.com"), a.register(t, "trudy@example.com"), a.register(t, "ada@example.com")
	first := ada.upload("first.pdf", "application/pdf", extracttest.Page("It is warm."))
	require.Equal(t, "READY", ada.awaitSource(first)["state"])
	idle := footprint(s.worker.PID())
	measured := measure(s.worker.PID())

	hostile := uploads(sized(50, 12))
	ids := make([]string, len(hostile))
	by := []*learner{mallory, trudy}
	for i, h := range hostile {
		ids[i] = by[i%2].upload("h.bin", h.MediaType, h.Body)
	}
	began := time.Now()
	page := ada.upload("page.pdf", "application/pdf", extracttest.Page("The Moon pulls."))
	require.Equal(t, "READY", ada.awaitSource(page)["state"])
	took := time.Since(began)
	left := 0
	for i, id := range ids {
		if by[i%2].call(http.MethodGet, "/v1/sources/"+id, nil, http.StatusOK)["state"] == "PROCESSING" {
			left++
		}
	}
	require.Greater(t, left, len(hostile)/4, "an honest page does not wait for what came before it")
	if *full {
		require.Less(t, took, 15*time.Second)
	}
	codes := map[string]int{}
	for i, id := range ids {
		got := by[i%2].awaitSource(id)
		code := got["state"].(string)
		if fault, ok := got["error_details"].(object); ok {
			code = fault["code"].(string)
			require.NotEmpty(t, fault["message"])
		}
		codes[code]++
		t.Logf("%s: %s", hostile[i].Name, code)
	}
	whole := time.Since(began)
	peak := measured()
	after := footprint(s.worker.PID())
	t.Logf("%d documents in %v, %v; the page in %v behind %d of them; idle %d MiB, at most %d MiB above it, %d MiB afterwards; %s",
		len(hostile), whole.Round(time.Second), codes, took.Round(time.Millisecond), left, idle>>20, (peak-idle)>>20, after>>20, box())
	require.Less(t, peak-idle, int64(256<<20))
	require.Less(t, after-idle, int64(64<<20), "it is given back")
	require.Empty(t, childrenOf(s.worker.PID()))
	select {
	case <-s.worker.Done():
		t.Error("the worker fell")
	default:
	}
}

// TestFaultAWorkerDiesWhileItReads kills a worker whose reader is busy: no reader process
// is left, and the next worker does not read the same document again.
func TestFaultAWorkerDiesWhileItReads(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s := newSystem(t, "LYO_RATE_LIMITS=off", "LYO_LOG_LEVEL=warn")
	a := s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	first := ada.upload("first.pdf", "application/pdf", extracttest.Page("It is warm."))
	require.Equal(t, "READY", ada.awaitSource(first)["state"])
	slow := extracttest.HostileDocuments(1)[0]
	id := ada.upload("slow.pdf", slow.MediaType, slow.Body)
	db := s.rows()
	require.Eventually(t, func() bool {
		var begun bool
		require.NoError(t, db.Raw("SELECT reading_started_at IS NOT NULL FROM sources WHERE id = ?", id).Scan(&begun).Error)
		return begun && len(childrenOf(s.worker.PID())) > 0
	}, patience, time.Millisecond)
	readers := childrenOf(s.worker.PID())
	kill(t, s.worker)
	require.Eventually(t, func() bool {
		return !slices.ContainsFunc(readers, func(pid int) bool { return syscall.Kill(pid, 0) == nil })
	}, patience, time.Millisecond, "a reader outlives its worker")
	s.startWorker()
	got := ada.awaitSource(id)
	require.Equal(t, "FAILED", got["state"])
	require.Equal(t, "document_too_heavy", got["error_details"].(object)["code"])
}

// needsProc skips tests that inspect processes by /proc.
func needsProc(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("needs /proc")
	}
}

// uploads returns so many hostile documents of the kinds accepted as uploads.
func uploads(number int) []extracttest.Hostile {
	all := slices.DeleteFunc(extracttest.HostileDocuments(number+number/2), func(h extracttest.Hostile) bool { return h.MediaType == "text/html" })
	return all[:number]
}

// upload sends a file and returns the id of the material.
func (l *learner) upload(name, media string, data []byte) string {
	l.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="` + name + `"`}, "Content-Type": {media},
	})
	require.NoError(l.t, err)
	_, err = part.Write(data)
	require.NoError(l.t, err)
	require.NoError(l.t, form.Close())
	request, err := http.NewRequestWithContext(l.t.Context(), http.MethodPost, l.base+"/v1/sources", &body)
	require.NoError(l.t, err)
	request.Header.Set("Content-Type", form.FormDataContentType())
	request.Header.Set("Authorization", "Bearer "+l.token)
	answer, err := l.http().Do(request)
	require.NoError(l.t, err)
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	require.NoError(l.t, err)
	require.Equal(l.t, http.StatusCreated, answer.StatusCode, string(content))
	var made object
	require.NoError(l.t, json.Unmarshal(content, &made))
	return made["id"].(string)
}

// awaitSource polls until material is read or has failed.
func (l *learner) awaitSource(id string) object {
	l.t.Helper()
	for began := time.Now(); ; {
		got := l.call(http.MethodGet, "/v1/sources/"+id, nil, http.StatusOK)
		if got["state"] != "PROCESSING" {
			return got
		}
		require.Less(l.t, time.Since(began), 2*patience, "%v", got)
		<-time.After(50 * time.Millisecond) // other processes are working
	}
}

// confine limits the memory of a process and its children, where cgroups v1 are
// available, and returns a function with a final report.
func confine(t *testing.T, pid int, most int64) (report func() string) {
	t.Helper()
	dir := filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("lyo-test-%d", os.Getpid()))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return func() string { return "no limit by the system: " + err.Error() }
	}
	t.Cleanup(func() { _ = os.Remove(dir) })
	set := func(name string, value int64) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strconv.FormatInt(value, 10)), 0o600))
	}
	set("memory.limit_in_bytes", most)
	set("cgroup.procs", int64(pid))
	return func() string {
		text, err := os.ReadFile(filepath.Join(dir, "memory.max_usage_in_bytes"))
		require.NoError(t, err)
		highest, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		require.NoError(t, err)
		oom, err := os.ReadFile(filepath.Join(dir, "memory.oom_control"))
		require.NoError(t, err)
		require.Contains(t, string(oom)+"\n", "oom_kill 0\n", "the system had to end a process")
		return fmt.Sprintf("the system counted %d MiB at most, of %d", highest>>20, most>>20)
	}
}

// measure samples a process and its children until peak is called, which returns the maximum.
func measure(pid int) (peak func() int64) {
	stop := make(chan struct{})
	var most int64
	var over sync.WaitGroup
	over.Go(func() {
		ticker := time.NewTicker(3 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				most = max(most, footprint(pid))
			}
		}
	})
	return func() int64 {
		close(stop)
		over.Wait()
		return most
	}
}

// footprint returns the private memory of a process and its children.
func footprint(pid int) int64 {
	total := resident(pid)
	for _, child := range childrenOf(pid) {
		total += resident(child)
	}
	return total
}

func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0
	}
	var size, all, shared int64
	_, _ = fmt.Sscan(string(text), &size, &all, &shared)
	return (all - shared) * int64(os.Getpagesize())
}

func childrenOf(pid int) []int {
	found, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	var out []int
	for _, path := range found {
		text, _ := os.ReadFile(path) // an ended thread has none
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				out = append(out, child)
			}
		}
	}
	return out
}
