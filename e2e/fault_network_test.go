package e2e_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/models/storetest"
)

// TestFaultRedisDies kills Redis, which loses everything, and flushes it, while
// sockets are open in two processes.
func TestFaultRedisDies(t *testing.T) {
	t.Parallel()
	s, learners := newBusyStand(t, raceDetector, ownRedis)
	f := s.watched(learners, sized(3, 2), s.apis[0].base, s.apis[1].base)
	w := s.work(learners)
	keys := s.keys()
	for range sized(5, 1) {
		s.endure(s.drawTime(300*time.Millisecond, sized(2*time.Second, 500*time.Millisecond)))
		require.NoError(t, keys.FlushAll(t.Context()).Err())
		s.endure(s.drawTime(300*time.Millisecond, time.Second))
		port := s.server.Port()
		s.server.Kill()
		<-s.server.Done()
		s.endure(s.drawTime(100*time.Millisecond, sized(4*time.Second, time.Second)))
		s.server = storetest.OwnRedisOn(s.t, port)
	}
	w.endWork()
	s.requireAllEvents(f)
	s.requireSound()
}

// watched requests courses and has them followed through each of the addresses.
func (s *faultEnv) watched(learners []*learner, each int, bases ...string) *followers {
	s.t.Helper()
	f, ctx := &followers{}, s.within(5*time.Minute)
	for i, l := range learners {
		made := l.call("POST", "/v1/courses/generate", object{"topic": fmt.Sprintf("How moons form, part %d", i)}, 202)
		task := s.accept(made)
		for j := range each {
			s.join(ctx, f, &follower{learner: l, base: bases[(i+j)%len(bases)], task: task})
		}
	}
	return f
}

// TestFaultTheNetworkResets resets every client connection every one to five seconds
// while courses are being written.
func TestFaultTheNetworkResets(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, nil, raceDetector)
	a := s.addAPI()
	s.startWorker()
	learners, each := s.crew(sized(40, 4)), sized(5, 2)
	lasting := sized(2*time.Minute, 4*time.Second)
	// Slow enough for the courses to last as long as the resets do.
	s.model.Script(func(llmtest.Request) []llmtest.Fault {
		return []llmtest.Fault{llmtest.Delay(s.drawTime(0, lasting/4000))}
	})
	wire := s.between("clients", hostOf(t, a.base))
	f := s.watched(learners, each, "http://"+wire.Listen)
	for began := time.Now(); time.Since(began) < lasting; {
		s.endure(s.drawTime(time.Second, sized(5*time.Second, 2*time.Second)))
		s.reset(wire)
	}
	s.requireAllEvents(f)
	s.requireSound()
}

// reset ends every connection through a proxy with a TCP reset at its next byte,
// which comes soon, and leaves the proxy open for new ones.
func (s *faultEnv) reset(p *toxiproxy.Proxy) {
	s.t.Helper()
	for _, stream := range []string{"upstream", "downstream"} {
		s.spoil(p, "reset_peer", stream, `{"timeout":0}`)
	}
	s.endure(s.drawTime(pingEvery, 2*pingEvery))
	p.Toxics.ResetToxics(s.t.Context())
}

// TestFaultACancelAtAnyMoment cancels courses at random moments, by the API and twice
// at once.
func TestFaultACancelAtAnyMoment(t *testing.T) {
	t.Parallel()
	s, learners := newBusyStand(t, raceDetector)
	f, ctx := &followers{}, s.within(5*time.Minute)
	n := sized(100, 4)
	for i := range n {
		l := learners[i%len(learners)]
		task := s.accept(l.call("POST", "/v1/courses/generate", object{"topic": fmt.Sprintf("How moons form, part %d", i)}, 202))
		s.join(ctx, f, &follower{learner: l, base: l.base, task: task})
		moment := s.drawTime(0, sized(6*time.Second, time.Second)*time.Duration(1+3*s.draw(2))) // early, or later
		if i == 0 {
			moment = 0 // one is surely in time
		}
		for range 2 {
			f.done.Go(func() {
				s.endure(moment)
				if got := l.try(ctx, "POST", "/v1/tasks/"+task+"/cancel", nil); got.status != 200 && got.status != 409 {
					t.Errorf("a cancel was answered %d %v %s", got.status, got.err, got.text)
				}
			})
		}
		s.endure(s.drawTime(0, 100*time.Millisecond))
	}
	s.requireAllEvents(f)
	s.requireSound()
	cancelled := s.count("tasks WHERE fault ->> 'code' = 'cancelled'")
	t.Logf("%d of %d were cancelled, the others were faster", cancelled, n)
	require.Positive(t, cancelled)
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
	s.requireModelIdle()
}

// requireModelIdle checks that cancelled work has no model call left.
func (s *faultEnv) requireModelIdle() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	require.NoError(s.t, s.model.Wait(ctx, func(st llmtest.State) bool { return st.Open == 0 }))
}

// TestFaultAClientsClockIsOff has clients whose clocks are days off decide by them when
// to refresh their token: with each request, or never before they have to.
func TestFaultAClientsClockIsOff(t *testing.T) {
	t.Parallel()
	s := newFaultEnv(t, []string{"LYO_ACCESS_TOKEN_TTL=" + sized("5s", "1s")})
	a := s.addAPI()
	s.startWorker()
	f, ctx := &followers{}, s.within(5*time.Minute)
	var phones []*phone
	for i, off := range []time.Duration{-72 * time.Hour, 72 * time.Hour} {
		phones = append(phones, s.phone(a, fmt.Sprintf("phone%d@example.com", i), off))
	}
	var used sync.WaitGroup
	for _, p := range phones {
		used.Go(func() { p.use(ctx, sized(25*time.Second, 9*time.Second)) }) // longer than a token's lifetime
	}
	used.Wait()
	for _, p := range phones {
		p.requireLive(ctx)
		task := s.accept(p.call("POST", "/v1/courses/generate", object{"topic": "How tides work"}, 202))
		s.join(ctx, f, &follower{learner: p.learner, base: a.base, task: task})
	}
	s.requireAllEvents(f)
	s.requireSound()
}
