package e2e_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/deploy/local"
)

// TestFaultRollingRestarts replaces every process by one of another build, one after the
// other, while learners work and follow sockets through a proxy that knows which are ready.
func TestFaultRollingRestarts(t *testing.T) {
	t.Parallel()
	s, learners := newBusyStand(t)
	front := newBalancer(t, s.apis)
	for _, l := range learners {
		l.base = front.base
	}
	w := s.work(learners)
	var sockets []*followers
	for round := range sized(6, 1) {
		build := fmt.Sprintf("LYO_BUILD_ID=round-%d", round)
		sockets = append(sockets, s.watched(learners, 1, front.base))
		for i, old := range s.apis {
			fresh, err := s.tryAPI(build)
			require.NoError(t, err)
			s.apis[i] = fresh
			front.replace(s.apis)
			s.endure(time.Second) // the preStop of Kubernetes: nothing is on its way to it
			requireStopped(t, old.Process)
		}
		old := s.worker
		s.worker = s.start("worker", 1, build)
		s.endure(s.drawTime(0, sized(2*time.Second, 300*time.Millisecond)))
		requireStopped(t, old)
		s.endure(sized(3*time.Second, 500*time.Millisecond))
	}
	w.endWork()
	cuts := 0
	for _, f := range sockets {
		s.requireAllEvents(f)
		for _, one := range f.all {
			cuts += one.cuts
		}
	}
	require.Positive(t, cuts, "no socket was open in a process that ended")
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// requireStopped asks a process to end, as an upgrade does, and requires that it ends well.
func requireStopped(t *testing.T, p *local.Process) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	require.NoError(t, p.Stop(ctx))
	require.NoError(t, p.Wait())
}

// balancer passes requests on to several APIs in turn, as a Service of Kubernetes does.
type balancer struct {
	base string
	mu   sync.Mutex
	to   []*url.URL
	next int
}

func newBalancer(t *testing.T, apis []*api) *balancer {
	t.Helper()
	b := &balancer{}
	b.replace(apis)
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(b.pick()) }}
	server := httptest.NewServer(proxy)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	b.base = server.URL
	return b
}

// replace changes where new requests go.
func (b *balancer) replace(apis []*api) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.to = nil
	for _, a := range apis {
		if to, err := url.Parse(a.base); err == nil { // it is one of ours
			b.to = append(b.to, to)
		}
	}
}

func (b *balancer) pick() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.next++
	return b.to[b.next%len(b.to)]
}
