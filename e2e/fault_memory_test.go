package e2e_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/lyoapp/lyo/deploy/local"
)

// TestFaultMemoryIsLimited runs API and worker in the memory that deploy/kubernetes gives them, while bodies as large as
// are taken come all at once beside learners at work. The kernel ends no API for it. It is not parallel: what it sends
// fills the memory of this machine.
func TestFaultMemoryIsLimited(t *testing.T) {
	needsProc(t)
	s := newFaultEnv(t, nil)
	port, err := local.FreePort()
	require.NoError(t, err)
	limitedAPI, limitedWorker := s.startLimited("api", port), s.startLimited("worker", 1)
	a := &api{limitedAPI.first, fmt.Sprintf("http://127.0.0.1:%d", port)}
	ready, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, local.AwaitReady(ready, a.Process, answersAt(a.base+"/v1/health/ready")))
	s.apis = append(s.apis, a)
	learners := s.crew(sized(8, 4))
	w := s.work(learners)

	const sentence = "The Moon pulls at the water, which bulges. "
	large := strings.Repeat(sentence, 10<<20/len(sentence))
	add := func(by *learner, title string) reply {
		got := by.try(t.Context(), http.MethodPost, "/v1/sources", object{"title": title, "text": large})
		if got.status == http.StatusCreated {
			s.keep("SELECT count(*) FROM sources WHERE id = ?", got.body["id"])
		}
		return got
	}
	// burst sends as many at once, which all are answered as they should, or told to come again.
	burst := func(count int, title string, want int) (taken int64) {
		var all sync.WaitGroup
		var took, refused atomic.Int64
		for i := range count {
			all.Go(func() {
				got := add(learners[i%len(learners)], title)
				switch {
				case got.status == want:
					took.Add(1)
				case got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != "":
					refused.Add(1)
				default:
					t.Errorf("a large body was answered %d: %s %v", got.status, got.text, got.err)
				}
			})
		}
		waited := s.smallRequests(learners[0], &all)
		t.Logf("of %d bodies of 10 MiB at once %d were taken and %d told to come again; a small request took %v at most", count, took.Load(), refused.Load(), waited)
		return took.Load()
	}
	require.Positive(t, burst(40, "Notes", http.StatusCreated))
	for range sized(6, 1) {
		burst(sized(60, 40), strings.Repeat("x", 201), http.StatusUnprocessableEntity) // refused, once the whole body was read
	}
	for _, l := range learners {
		require.Equal(t, http.StatusCreated, add(l, "Notes").status, "one at a time they have room")
	}
	w.endWork()
	s.requireSound()
	require.Zero(t, limitedAPI.ends.Load(), "the kernel ended the API")
	t.Log(limitedAPI.report())
	t.Log(limitedWorker.report())
}

// smallRequests asks for a learner's profile until others have ended. It returns how long the slowest answer took.
func (s *faultEnv) smallRequests(by *learner, others *sync.WaitGroup) (slowest time.Duration) {
	s.t.Helper()
	over := make(chan struct{})
	go func() {
		others.Wait()
		close(over)
	}()
	for {
		begun := time.Now()
		got := by.try(s.t.Context(), http.MethodGet, "/v1/users/me", nil)
		require.Equal(s.t, http.StatusOK, got.status, "a small request in between: %s %v", got.text, got.err)
		slowest = max(slowest, time.Since(begun))
		select {
		case <-over:
			return slowest
		default:
		}
	}
}

// limited is a process in a memory group, which is started again when it ends.
type limited struct {
	first *local.Process
	name  string
	group string // folder of the group
	limit int64
	ends  atomic.Int64
}

// startLimited starts a process in the memory and with the environment that its manifest gives it, and again whenever
// the kernel ended it. Without memory groups of cgroups v1 the test is skipped.
func (s *faultEnv) startLimited(name string, port int) *limited {
	s.t.Helper()
	c := manifestOf(s.t, name)
	l := &limited{name: name, limit: c.Resources.Limits.Memory().Value()}
	l.group = filepath.Join("/sys/fs/cgroup/memory", fmt.Sprintf("lyo-test-%d-%s", os.Getpid(), name))
	if err := os.Mkdir(l.group, 0o755); err != nil {
		s.t.Skip("NOT RUN: a memory limit needs cgroups v1 and root:", err)
	}
	s.t.Cleanup(func() { // once the last process is gone
		require.Eventually(s.t, func() bool { return os.Remove(l.group) == nil }, patience, 10*time.Millisecond)
	})
	require.NoError(s.t, os.WriteFile(filepath.Join(l.group, "memory.limit_in_bytes"), []byte(strconv.FormatInt(l.limit, 10)), 0o600))
	var extra []string
	for _, variable := range c.Env {
		extra = append(extra, variable.Name+"="+variable.Value)
	}
	start := func() (*local.Process, error) {
		p, err := s.launch(name, port, extra...)
		if err != nil {
			return nil, err
		}
		return p, os.WriteFile(filepath.Join(l.group, "cgroup.procs"), []byte(strconv.Itoa(p.PID())), 0o600)
	}
	p, err := start()
	require.NoError(s.t, err)
	l.first = p
	over := s.t.Context().Done()
	go func() {
		for err == nil {
			select {
			case <-over:
				return
			case <-p.Done():
			}
			if s.t.Context().Err() != nil {
				return
			}
			if exit, ok := errors.AsType[*exec.ExitError](p.Wait()); !ok || exit.Exited() {
				s.t.Errorf("%s ended by itself", name)
				return
			}
			l.ends.Add(1)
			p, err = start()
		}
		s.t.Errorf("%s cannot be started again: %v", name, err)
	}()
	return l
}

// manifestOf returns a process's container in deploy/kubernetes.
func manifestOf(t *testing.T, name string) corev1.Container {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "deploy", "kubernetes", name+".yaml"))
	require.NoError(t, err)
	first, _, _ := bytes.Cut(content, []byte("\n---\n"))
	var d appsv1.Deployment
	require.NoError(t, yaml.UnmarshalStrict(first, &d))
	return d.Spec.Template.Spec.Containers[0]
}

// report says what the kernel counted.
func (l *limited) report() string {
	text, _ := os.ReadFile(filepath.Join(l.group, "memory.max_usage_in_bytes"))
	most, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return fmt.Sprintf("%s: at most %d MiB of %d, started again %d times", l.name, most>>20, l.limit>>20, l.ends.Load())
}
