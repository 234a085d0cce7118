package failover_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

var _ failover.Writer = (*llm.Client)(nil)

// over returns an endpoint that calls a fake over real HTTP; start is its StartTimeout.
func over(t *testing.T, name string, s *llmtest.Server, start ...time.Duration) failover.Endpoint {
	h := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(h.CloseIdleConnections)
	o := llm.Options{BaseURL: s.BaseURL(), Model: s.Model(), HTTPClient: h, IdleTimeout: 5 * time.Second}
	for _, d := range start {
		o.StartTimeout = d
	}
	return failover.Endpoint{Name: name, Client: llm.New(o)}
}

// practise makes one call and returns the name of the endpoint that answered.
func practise(ctx context.Context, c *failover.Chain) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request := llm.PracticeRequest{
		Brief: llm.Brief{Topic: "tea", Locale: "en"}, LessonTitle: "Leaves",
		LessonText: "Green leaves are heated early. Black leaves are left to oxidise before they are dried.",
	}
	_, usage, err := c.Practice(ctx, request, nil)
	return usage.Endpoint, err
}

func TestDeadEndpointOverHTTP(t *testing.T) {
	t.Parallel()
	dead, alive := llmtest.New(t), llmtest.New(t)
	c := failover.New([]failover.Endpoint{over(t, "dead", dead), over(t, "alive", alive)}, failover.Options{})
	dead.Close()
	by, err := practise(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "alive", by)
	_, err = c.Probe(t.Context())
	require.NoError(t, err)
}

func TestFailuresOpenAndHealOverHTTP(t *testing.T) {
	t.Parallel()
	faults := map[string]llmtest.Fault{
		"500": llmtest.Status(500), "503": llmtest.Status(503), "stall": llmtest.StallAtOnce(), "cut": llmtest.Cut(),
	}
	chains, servers := map[string]*failover.Chain{}, map[string]*llmtest.Server{}
	for name, fault := range faults {
		patience := 5 * time.Second
		if name == "stall" {
			patience = 100 * time.Millisecond
		}
		first, second := llmtest.New(t), llmtest.New(t)
		first.On(llmtest.Practice, 0, fault)
		c := failover.New([]failover.Endpoint{over(t, "first", first, patience), over(t, "second", second)}, failover.Options{Cooldown: 1500 * time.Millisecond})
		for range 6 {
			by, err := practise(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "second", by)
		}
		require.Equal(t, 3, first.Count(llmtest.Practice), "%s: it is not asked while its breaker is open", name)
		require.Equal(t, "open", c.State()[0].Breaker)
		first.Heal()
		chains[name], servers[name] = c, first
	}
	for name, c := range chains {
		require.Eventually(t, func() bool { return c.State()[0].Breaker == "half-open" }, 10*time.Second, 10*time.Millisecond)
		if name == "stall" { // its timeout is too short for an answer
			continue
		}
		by, err := practise(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, "first", by)
		require.Equal(t, "closed", c.State()[0].Breaker)
		require.Equal(t, 4, servers[name].Count(llmtest.Practice))
	}
}

func TestRefusalsNeverOpenOverHTTP(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"429": 429, "400": 400, "401": 401, "404": 404} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := llmtest.New(t), llmtest.New(t)
			first.On(llmtest.Practice, 0, llmtest.Status(status))
			c := failover.New([]failover.Endpoint{over(t, "first", first), over(t, "second", second)}, failover.Options{})
			for range 50 {
				by, err := practise(t.Context(), c)
				require.NoError(t, err)
				require.Equal(t, "second", by)
			}
			require.Equal(t, 50, first.Count(llmtest.Practice))
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

func TestCancelOverHTTPNeverCounts(t *testing.T) {
	t.Parallel()
	first, second := llmtest.New(t), llmtest.New(t)
	first.On(llmtest.Practice, 0, llmtest.Stall())
	c := failover.New([]failover.Endpoint{over(t, "first", first), over(t, "second", second)}, failover.Options{Failures: 1})
	for i := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { _, err := practise(ctx, c); failed <- err }()
		require.NoError(t, first.WaitStalled(t.Context(), 1))
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)
		require.NoError(t, first.WaitClosed(t.Context(), i+1))
	}
	require.Zero(t, second.Count(llmtest.Practice))
	require.Equal(t, "closed", c.State()[0].Breaker)
}

// TestAnotherEndpointGoesOnWhereOneLeftOff: the first one answers, and is gone before its repair.
func TestAnotherEndpointGoesOnWhereOneLeftOff(t *testing.T) {
	t.Parallel()
	first, second := llmtest.New(t), llmtest.New(t)
	first.On(llmtest.Outline, 1, llmtest.BrokenJSON())
	first.On(llmtest.Outline, 2, llmtest.Status(http.StatusServiceUnavailable))
	c := failover.New([]failover.Endpoint{over(t, "first", first), over(t, "second", second)}, failover.Options{})
	session := &llm.Session{Answers: map[string]llm.Answer{}}
	_, usage, err := c.Outline(t.Context(), llm.OutlineRequest{Brief: llm.Brief{Topic: "tea", Locale: "en"}}, session)
	require.NoError(t, err)
	require.Equal(t, 1, second.Count(llmtest.Outline))
	require.True(t, second.Requests()[0].Repair)
	require.Equal(t, []int{3, 2}, []int{usage.Calls, usage.Repairs}, "each request is charged once")
	require.Equal(t, "second", usage.Endpoint)
}
