package failover_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
)

var _ failover.Writer = (*failover.Chain)(nil)

func TestEveryMethodGoesOn(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error){
		"outline": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			out, u, err := c.Outline(ctx, llm.OutlineRequest{}, nil)
			return out.Title, u, err
		},
		"lesson": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			_, u, err := c.Lesson(ctx, llm.LessonRequest{}, nil)
			return "second", u, err
		},
		"practice": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			out, u, err := c.Practice(ctx, llm.PracticeRequest{}, nil)
			return strings.Join(out.StudyQuestions, ""), u, err
		},
		"questions": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			out, u, err := c.Questions(ctx, llm.QuestionsRequest{}, nil)
			return out[0].Prompt, u, err
		},
		"solve": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			out, u, err := c.Solve(ctx, llm.SolveRequest{}, nil)
			return map[int]string{6: "second"}[out[0]], u, err
		},
		"summary": func(c *failover.Chain, ctx context.Context) (any, llm.Usage, error) {
			_, u, err := c.Summary(ctx, llm.SummaryRequest{}, nil)
			return "second", u, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := fails("1", fault(llm.Unavailable)), works("second")
			answer, usage, err := call(failover.New(of(first, second), failover.Options{}), t.Context())
			require.NoError(t, err)
			require.Equal(t, "second", answer)
			require.Equal(t, []int{1, 1}, []int{first.count(), second.count()})
			require.Equal(t, llm.Usage{InputTokens: 20, OutputTokens: 10, Seconds: 4, Calls: 2, Repairs: 2, Endpoint: "second"}, usage)
		})
	}
}

func TestTheFirstIsPreferred(t *testing.T) {
	t.Parallel()
	first, second := works("first"), works("second")
	c := failover.New(of(first, second), failover.Options{})
	for range 5 {
		by, usage, err := ask(t.Context(), c)
		require.NoError(t, err)
		require.Equal(t, []string{"first", "first"}, []string{by, usage.Endpoint})
	}
	require.Zero(t, second.count())
	require.Equal(t, "first", c.Info().Model)
}

func TestWhichFailuresGoOn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err    error
		second int
	}{
		{fault(llm.Unavailable), 1},
		{fault(llm.Overloaded), 1},
		{fault(llm.Misconfigured), 1},
		{fault(llm.BadAnswer), 0},
		{errors.New("unforeseen"), 0},
	} {
		var log logBuffer
		second := works("second")
		_, usage, err := ask(t.Context(), failover.New(of(fails("first", c.err), second), failover.Options{Log: log.log()}))
		require.Equal(t, c.second, second.count(), c.err)
		if c.second == 0 {
			require.Equal(t, c.err, err)
			require.Equal(t, "first", usage.Endpoint)
		}
		require.Equal(t, llm.KindOf(c.err) == llm.Misconfigured, strings.Contains(log.String(), "level=ERROR"))
		require.NotContains(t, log.String(), "sk-cause")
	}
}

func TestTheMostUsefulError(t *testing.T) {
	t.Parallel()
	const s = time.Second
	down, busy, refused := llm.Unavailable, llm.Overloaded, llm.Misconfigured
	for _, c := range []struct {
		errs  []*llm.Error
		kind  llm.Kind
		after time.Duration
	}{
		{[]*llm.Error{fault(busy, 9*s), fault(busy, 7*s), fault(refused)}, busy, 7 * s},
		{[]*llm.Error{fault(down), fault(busy, 7*s)}, busy, 7 * s},
		{[]*llm.Error{fault(down), fault(busy, 3600*s)}, busy, 15 * s},
		{[]*llm.Error{fault(busy), fault(busy, 7*s)}, busy, 0},
		{[]*llm.Error{fault(refused), fault(down, 4*s), fault(down, 6*s)}, down, 4 * s},
		{[]*llm.Error{fault(refused), fault(refused, s)}, refused, 0},
		{[]*llm.Error{fault(busy, 3*s)}, busy, 3 * s},
	} {
		var list []*scripted
		for i, err := range c.errs {
			list = append(list, fails(string(rune('a'+i)), err))
		}
		endpoints := failover.New(of(list...), failover.Options{})
		_, usage, err := ask(t.Context(), endpoints)
		var e *llm.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.kind, e.Kind, err)
		require.Equal(t, c.after, e.RetryAfter, err)
		require.ErrorIs(t, err, c.errs[0], "each reason can be found")
		require.Equal(t, len(c.errs), usage.Calls)
		require.NotContains(t, err.Error(), "sk-cause")
		_, err = endpoints.Probe(t.Context())
		require.Equal(t, c.kind, llm.KindOf(err))
	}
}

func TestNoEndpoint(t *testing.T) {
	t.Parallel()
	c := failover.New(nil, failover.Options{})
	_, _, err := ask(t.Context(), c)
	require.Equal(t, llm.Misconfigured, llm.KindOf(err))
	_, err = c.Probe(t.Context())
	require.Equal(t, llm.Misconfigured, llm.KindOf(err))
	require.Empty(t, c.Info())
	require.Empty(t, c.State())
}

func TestProbeReturnsTheFirstThatAnswers(t *testing.T) {
	t.Parallel()
	c := failover.New(of(fails("first", fault(llm.Misconfigured)), works("second"), works("third")), failover.Options{})
	info, err := c.Probe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", info.Model)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	third := works("third")
	_, err = failover.New(of(fails("first", ctx.Err()), third), failover.Options{}).Probe(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, third.count())
}

func TestBeatsNeverFall(t *testing.T) {
	t.Parallel()
	heartbeats := func(err error) func(context.Context, *llm.Session) error {
		return func(_ context.Context, session *llm.Session) error {
			for _, n := range []int{0, 3, 8} {
				session.Heartbeat(n)
			}
			return err
		}
	}
	var reported []int
	c := failover.New(of(does("a", heartbeats(fault(llm.Unavailable))), does("b", heartbeats(fault(llm.Overloaded))), does("c", heartbeats(nil))), failover.Options{})
	_, _, err := c.Outline(t.Context(), llm.OutlineRequest{}, &llm.Session{Heartbeat: func(n int) { reported = append(reported, n) }})
	require.NoError(t, err)
	require.Equal(t, []int{0, 3, 8, 8, 11, 16, 16, 19, 24}, reported)
}
