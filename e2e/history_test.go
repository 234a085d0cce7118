package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// history is what clients asked and were answered, by what it is about.
type history struct {
	*faultEnv
	began  time.Time
	client *http.Client

	mu       sync.Mutex
	asked    map[string][]porcupine.Operation
	unknown  int
	scandals []string
	apis     []*api // those that answer; a killed one is replaced
	round    *historyRound
}

// historyClients act at the same time, each on one of the API processes.
const historyClients = 6

// TestFaultTheHistoryIsLinearizable has clients use the same likes, tasks and points through two API processes, which are
// killed in turn, while Postgres crashes. What they were answered must be what one process could have answered that
// does one thing after another, each between its request and its answer.
func TestFaultTheHistoryIsLinearizable(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, []string{"LYO_COURSES_AT_ONCE=4"}, raceDetector, ownPostgres)
	// A connection is used once, since Go sends a request again where a kept one breaks.
	h := &history{faultEnv: s, asked: map[string][]porcupine.Operation{}, client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}}
	h.apis = []*api{s.addAPI(), s.addAPI()}
	s.startWorker()
	rounds := h.prepare(sized(8, 2))
	h.began = time.Now()
	for i, round := range rounds {
		h.mu.Lock()
		h.round = round
		h.mu.Unlock()
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for n := range historyClients {
			all.Go(func() { h.act(ctx, n) })
		}
		h.await(sized(300, 80))
		if i%2 == 0 {
			h.replaceAPI(&h.mu, h.apis, i/2%2)
		} else {
			s.crashPostgres()
			s.endure(s.drawTime(100*time.Millisecond, time.Second))
			s.startPostgresAgain()
		}
		h.await(sized(300, 80))
		stop()
		all.Wait()
	}
	require.Empty(t, h.scandals)
	s.apis = h.apis
	for _, l := range rounds[0].learners {
		require.Equal(t, 200, l.at(h.apis[0]).try(t.Context(), "GET", "/v1/users/me", nil).status)
	}
	s.awaitQuiet(s.db)
	h.requireLinearizable(rounds)
	s.requireSound()
}

// await waits until so many more requests were recorded.
func (h *history) await(n int) {
	h.t.Helper()
	recorded := func() (all int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, of := range h.asked {
			all += len(of)
		}
		return all
	}
	before := recorded()
	require.Eventually(h.t, func() bool { return recorded() >= before+n }, patience, 10*time.Millisecond, "clients get no answers")
}

func (h *history) now() int64 { return time.Since(h.began).Nanoseconds() }

// act sends one request after another until ctx ends. After one without an answer it waits until its process answers again.
func (h *history) act(ctx context.Context, client int) {
	acts := []func(context.Context, int) bool{(*h).actOnLikes, (*h).actOnTasks, (*h).actOnPoints}
	for ctx.Err() == nil {
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		answered := acts[h.draw(len(acts))](bounded, client)
		cancel()
		for !answered && ctx.Err() == nil {
			h.endure(20 * time.Millisecond)
			answered = h.ask(ctx, client, h.round.learners[0], "GET", "/v1/users/me", nil).status == http.StatusOK
		}
		h.endure(h.drawTime(time.Millisecond, 30*time.Millisecond))
	}
}

// ask sends a request through the client's process.
func (h *history) ask(ctx context.Context, client int, l *learner, method, path string, body any, headers ...string) reply {
	h.mu.Lock()
	at := h.apis[client%len(h.apis)]
	h.mu.Unlock()
	return l.at(at).tryWith(ctx, h.client, method, path, body, headers...)
}

// write records a request that changes something, and its answer where there is one. read tells what was answered;
// false: the answer is none that there may be.
func (h *history) write(client int, key string, in any, send func() reply, read func(reply) (out any, fine bool), unknown any) (answered bool) {
	called := h.now()
	got := send()
	op := porcupine.Operation{ClientId: client, Input: in, Call: called, Return: h.now()}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case errors.Is(got.err, syscall.ECONNREFUSED):
		return false // nobody was asked
	case got.err != nil, got.status == http.StatusServiceUnavailable:
		if h.unknown++; unknown == nil { // a read without an answer
			return false
		}
		op.Output, op.Return = unknown, never
	default:
		out, fine := read(got)
		if !fine {
			h.scandals = append(h.scandals, fmt.Sprintf("%s %v: %d %s", key, in, got.status, got.text))
			return true
		}
		op.Output, answered = out, true
	}
	h.asked[key] = append(h.asked[key], op)
	return answered
}

// requireLinearizable checks what was recorded of each post, task and learner, and that the same is refused with a lie in it.
func (h *history) requireLinearizable(rounds []*historyRound) {
	h.t.Helper()
	operations, lies := 0, 0
	for _, key := range slices.Sorted(maps.Keys(h.asked)) {
		model, extra := h.modelOf(rounds, key)
		all := append(slices.Clip(h.asked[key]), extra...)
		operations += len(h.asked[key])
		result, info := porcupine.CheckOperationsVerbose(model, all, time.Minute)
		if result != porcupine.Ok {
			picture := filepath.Join(os.TempDir(), "lyo-history-"+filepath.Base(key)+".html")
			require.NoError(h.t, porcupine.VisualizePath(model, info, picture))
			for _, o := range all {
				h.t.Logf("%d to %d, client %d: %+v: %+v", o.Call, o.Return, o.ClientId, o.Input, o.Output)
			}
			require.Failf(h.t, "not linearizable", "%s: %s; see %s", key, result, picture)
		}
		if doctored, there := doctor(all); there {
			lies++
			require.NotEqual(h.t, porcupine.Ok, porcupine.CheckOperationsTimeout(model, doctored, time.Minute), "a lie about %s was believed", key)
		}
	}
	h.t.Logf("%d requests about %d things are linearizable, %d requests had no answer; %d lies were refused", operations, len(h.asked), h.unknown, lies)
	require.Positive(h.t, lies)
}

// doctor changes the last answer that tells a number.
func doctor(all []porcupine.Operation) (doctored []porcupine.Operation, there bool) {
	doctored = slices.Clone(all)
	for i := len(all) - 1; i >= 0; i-- {
		switch out := all[i].Output.(type) {
		case liked:
			if !out.unknown {
				out.count += historyClients // more than can be on the way
				doctored[i].Output = out
				return doctored, true
			}
		case earned:
			if all[i].Input.(earning).do == doTotal {
				out.total += 1_000_000
				doctored[i].Output = out
				return doctored, true
			}
		case tasked:
			if out.status == http.StatusOK && out.end != "" {
				out.end = "ended otherwise"
				doctored[i].Output = out
				return doctored, seenEnded(all) > 1
			}
		}
	}
	return nil, false
}

// seenEnded counts the answers that tell how a task ended.
func seenEnded(all []porcupine.Operation) (n int) {
	for _, o := range all {
		if out, is := o.Output.(tasked); is && out.end != "" {
			n++
		}
	}
	return n
}
