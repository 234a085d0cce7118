package e2e_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// soakFor is how long the load of a soak lasts; the rates are the same in each form.
var soakFor = flag.Duration("duration", 0, "soak: how long the load lasts; 0: half a minute, in which no growth can be told")

// The rates of a soak.
const (
	readsASecond   = 45
	writesASecond  = 5
	coursesAMinute = 10
	soakLearners   = 60
)

// TestSoak has learners at work at steady rates, and watches what the processes hold.
func TestSoak(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("the memory of processes is read from /proc, which is Linux's")
	}
	lasting, every, folder, tokens := *soakFor, 10*time.Second, t.TempDir(), "30m"
	if lasting == 0 {
		lasting, every, tokens = 30*time.Second, 2*time.Second, "10s"
	} else {
		folder = filepath.Join(os.Getenv("TEST_STATE_DIR"), "soak")
		require.NoError(t, os.MkdirAll(folder, 0o755))
	}
	s := newFaultEnv(t, []string{"LYO_RATE_LIMITS=relaxed", "LYO_PROFILES=on", "LYO_ACCESS_TOKEN_TTL=" + tokens}, ownPostgres, ownRedis)
	apiPort, workerPort := freePort(t), freePort(t)
	a := s.addAPI(fmt.Sprintf("LYO_METRICS_PORT=%d", apiPort))
	s.worker = s.start("worker", 1, fmt.Sprintf("LYO_METRICS_PORT=%d", workerPort))
	s.model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Delay(s.drawTime(0, 3*time.Millisecond))}
	})
	w := s.soaking()
	watch := s.watching(folder, map[string]process{"api": {a.PID(), apiPort}, "worker": {s.worker.PID(), workerPort}}, w)

	ctx, stop := context.WithTimeout(t.Context(), lasting)
	defer stop()
	var all sync.WaitGroup
	all.Go(func() { watch.run(ctx, every) })
	all.Go(func() { w.pace(ctx, time.Second/readsASecond, w.read) })
	all.Go(func() { w.pace(ctx, time.Second/writesASecond, w.write) })
	all.Go(func() { w.pace(ctx, time.Minute/coursesAMinute, w.course) })
	all.Wait()
	watch.profile("end")
	watch.report()
	watch.requireBounded()
	w.signInAgain()
	s.requireAllEvents(&w.followers)
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state <> 'DONE'"))
	w.requireLikes()
	w.requireAnswered(lasting) // last, so that a machine that was too busy is told of everything else
}

// learnerAtWork is a learner whose tokens are traded while others use them.
type learnerAtWork struct {
	mu      sync.Mutex
	is      *learner // the same one for the whole soak, with the newest token
	refresh string
}

func (s *faultEnv) learnerAtWork(email string) *learnerAtWork {
	s.t.Helper()
	l := &learner{t: s.t, base: s.apis[0].base}
	made := l.call(http.MethodPost, "/v1/auth/register", object{"email": email, "password": "correct horse battery", "full_name": "Ada"}, http.StatusCreated)
	l.id, _ = made["user"].(object)["id"].(string)
	one := &learnerAtWork{is: l}
	one.keep(made)
	return one
}

func (l *learnerAtWork) keep(pair object) {
	l.is.token, _ = pair["access_token"].(string)
	l.refresh, _ = pair["refresh_token"].(string)
}

// now returns the learner as they are signed in now.
func (l *learnerAtWork) now() *learner {
	l.mu.Lock()
	defer l.mu.Unlock()
	same := *l.is
	return &same
}

// try sends a request, once more after a trade when the token has expired.
func (l *learnerAtWork) try(ctx context.Context, method, path string, body any, headers ...string) reply {
	as := l.now()
	got := as.try(ctx, method, path, body, headers...)
	if got.status != http.StatusUnauthorized {
		return got
	}
	if traded := l.trade(ctx, as.token); traded.status != http.StatusOK {
		return traded
	}
	return l.now().try(ctx, method, path, body, headers...)
}

// trade refreshes the pair, unless somebody else already did.
func (l *learnerAtWork) trade(ctx context.Context, old string) reply {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.is.token != old {
		return reply{status: http.StatusOK}
	}
	got := l.is.try(ctx, http.MethodPost, "/v1/auth/refresh", object{"refresh_token": l.refresh})
	if got.status == http.StatusOK {
		l.keep(got.body)
	}
	return got
}
