package chain_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/chain"
	"github.com/lyoapp/lyo/activities/gemma/gemmatest"
)

var _ chain.Writer = (*gemma.Client)(nil)

// over is an endpoint that asks a stand-in over real HTTP; start is its patience.
func over(t *testing.T, name string, s *gemmatest.Server, start ...time.Duration) chain.Endpoint {
	h := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(h.CloseIdleConnections)
	o := gemma.Options{BaseURL: s.BaseURL(), Model: s.Model(), HTTPClient: h, IdleTimeout: 5 * time.Second}
	for _, d := range start {
		o.StartTimeout = d
	}
	return chain.Endpoint{Name: name, Client: gemma.New(o)}
}

// practise makes one call and returns who answered.
func practise(ctx context.Context, c *chain.Chain) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	request := gemma.PracticeRequest{
		Brief: gemma.Brief{Topic: "tea", Locale: "en"}, LessonTitle: "Leaves",
		LessonText: "Green leaves are heated early. Black leaves are left to oxidise before they are dried.",
	}
	_, usage, err := c.Practice(ctx, request, nil)
	return usage.Endpoint, err
}

func TestDeadEndpointOverHTTP(t *testing.T) {
	t.Parallel()
	dead, alive := gemmatest.New(t), gemmatest.New(t)
	c := chain.New([]chain.Endpoint{over(t, "dead", dead), over(t, "alive", alive)}, chain.Options{})
	dead.Close()
	by, err := practise(t.Context(), c)
	require.NoError(t, err)
	require.Equal(t, "alive", by)
	_, err = c.Probe(t.Context())
	require.NoError(t, err)
}

func TestFailuresOpenAndHealOverHTTP(t *testing.T) {
	t.Parallel()
	faults := map[string]gemmatest.Fault{
		"500": gemmatest.Status(500), "503": gemmatest.Status(503), "stall": gemmatest.StallAtOnce(), "cut": gemmatest.Cut(),
	}
	chains, servers := map[string]*chain.Chain{}, map[string]*gemmatest.Server{}
	for name, fault := range faults {
		patience := 5 * time.Second
		if name == "stall" {
			patience = 100 * time.Millisecond
		}
		first, second := gemmatest.New(t), gemmatest.New(t)
		first.On(gemmatest.Practice, 0, fault)
		c := chain.New([]chain.Endpoint{over(t, "first", first, patience), over(t, "second", second)}, chain.Options{Cooldown: 1500 * time.Millisecond})
		for range 6 {
			by, err := practise(t.Context(), c)
			require.NoError(t, err)
			require.Equal(t, "second", by)
		}
		require.Equal(t, 3, first.Count(gemmatest.Practice), "%s: it is not asked while its breaker is open", name)
		require.Equal(t, "open", c.State()[0].Breaker)
		first.Heal()
		chains[name], servers[name] = c, first
	}
	for name, c := range chains {
		require.Eventually(t, func() bool { return c.State()[0].Breaker == "half-open" }, 10*time.Second, 10*time.Millisecond)
		if name == "stall" { // its patience is meant for failures
			continue
		}
		by, err := practise(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, "first", by)
		require.Equal(t, "closed", c.State()[0].Breaker)
		require.Equal(t, 4, servers[name].Count(gemmatest.Practice))
	}
}

func TestRefusalsNeverOpenOverHTTP(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"429": 429, "400": 400, "401": 401, "404": 404} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := gemmatest.New(t), gemmatest.New(t)
			first.On(gemmatest.Practice, 0, gemmatest.Status(status))
			c := chain.New([]chain.Endpoint{over(t, "first", first), over(t, "second", second)}, chain.Options{})
			for range 50 {
				by, err := practise(t.Context(), c)
				require.NoError(t, err)
				require.Equal(t, "second", by)
			}
			require.Equal(t, 50, first.Count(gemmatest.Practice))
			require.Equal(t, "closed", c.State()[0].Breaker)
		})
	}
}

func TestCancelOverHTTPNeverCounts(t *testing.T) {
	t.Parallel()
	first, second := gemmatest.New(t), gemmatest.New(t)
	first.On(gemmatest.Practice, 0, gemmatest.Stall())
	c := chain.New([]chain.Endpoint{over(t, "first", first), over(t, "second", second)}, chain.Options{Failures: 1})
	for i := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 1)
		go func() { _, err := practise(ctx, c); failed <- err }()
		require.NoError(t, first.WaitStalled(t.Context(), 1))
		cancel()
		require.ErrorIs(t, <-failed, context.Canceled)
		require.NoError(t, first.WaitClosed(t.Context(), i+1))
	}
	require.Zero(t, second.Count(gemmatest.Practice))
	require.Equal(t, "closed", c.State()[0].Breaker)
}
