package chain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/chain"
)

var _ chain.Writer = (*chain.Chain)(nil)

func TestEveryMethodGoesOn(t *testing.T) {
	t.Parallel()
	for name, call := range map[string]func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error){
		"outline": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			out, u, err := c.Outline(ctx, gemma.OutlineRequest{}, nil)
			return out.Title, u, err
		},
		"lesson": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			_, u, err := c.Lesson(ctx, gemma.LessonRequest{}, nil)
			return "second", u, err
		},
		"practice": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			out, u, err := c.Practice(ctx, gemma.PracticeRequest{}, nil)
			return strings.Join(out.StudyQuestions, ""), u, err
		},
		"questions": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			out, u, err := c.Questions(ctx, gemma.QuestionsRequest{}, nil)
			return out[0].Prompt, u, err
		},
		"solve": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			out, u, err := c.Solve(ctx, gemma.SolveRequest{}, nil)
			return map[int]string{6: "second"}[out[0]], u, err
		},
		"summary": func(c *chain.Chain, ctx context.Context) (any, gemma.Usage, error) {
			_, u, err := c.Summary(ctx, gemma.SummaryRequest{}, nil)
			return "second", u, err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, second := fails("1", fault(gemma.Unavailable)), works("second")
			answer, usage, err := call(chain.New(of(first, second), chain.Options{}), t.Context())
			require.NoError(t, err)
			require.Equal(t, "second", answer)
			require.Equal(t, []int{1, 1}, []int{first.count(), second.count()})
			require.Equal(t, gemma.Usage{InputTokens: 20, OutputTokens: 10, Seconds: 4, Calls: 2, Repairs: 2, Endpoint: "second"}, usage)
		})
	}
}

func TestTheFirstIsPreferred(t *testing.T) {
	t.Parallel()
	first, second := works("first"), works("second")
	c := chain.New(of(first, second), chain.Options{})
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
		{fault(gemma.Unavailable), 1},
		{fault(gemma.Overloaded), 1},
		{fault(gemma.Misconfigured), 1},
		{fault(gemma.BadAnswer), 0},
		{errors.New("unforeseen"), 0},
	} {
		var log book
		second := works("second")
		_, usage, err := ask(t.Context(), chain.New(of(fails("first", c.err), second), chain.Options{Log: log.log()}))
		require.Equal(t, c.second, second.count(), c.err)
		if c.second == 0 {
			require.Equal(t, c.err, err)
			require.Equal(t, "first", usage.Endpoint)
		}
		require.Equal(t, gemma.KindOf(c.err) == gemma.Misconfigured, strings.Contains(log.String(), "level=ERROR"))
		require.NotContains(t, log.String(), "sk-cause")
	}
}

func TestTheMostUsefulError(t *testing.T) {
	t.Parallel()
	const s = time.Second
	down, busy, refused := gemma.Unavailable, gemma.Overloaded, gemma.Misconfigured
	for _, c := range []struct {
		errs  []*gemma.Error
		kind  gemma.Kind
		after time.Duration
	}{
		{[]*gemma.Error{fault(busy, 9*s), fault(busy, 7*s), fault(refused)}, busy, 7 * s},
		{[]*gemma.Error{fault(down), fault(busy, 7*s)}, busy, 7 * s},
		{[]*gemma.Error{fault(down), fault(busy, 3600*s)}, busy, 15 * s},
		{[]*gemma.Error{fault(busy), fault(busy, 7*s)}, busy, 0},
		{[]*gemma.Error{fault(refused), fault(down, 4*s), fault(down, 6*s)}, down, 4 * s},
		{[]*gemma.Error{fault(refused), fault(refused, s)}, refused, 0},
		{[]*gemma.Error{fault(busy, 3*s)}, busy, 3 * s},
	} {
		var list []*scripted
		for i, err := range c.errs {
			list = append(list, fails(string(rune('a'+i)), err))
		}
		endpoints := chain.New(of(list...), chain.Options{})
		_, usage, err := ask(t.Context(), endpoints)
		var e *gemma.Error
		require.ErrorAs(t, err, &e)
		require.Equal(t, c.kind, e.Kind, err)
		require.Equal(t, c.after, e.RetryAfter, err)
		require.ErrorIs(t, err, c.errs[0], "each reason can be found")
		require.Equal(t, len(c.errs), usage.Calls)
		require.NotContains(t, err.Error(), "sk-cause")
		_, err = endpoints.Probe(t.Context())
		require.Equal(t, c.kind, gemma.KindOf(err))
	}
}

func TestNoEndpoint(t *testing.T) {
	t.Parallel()
	c := chain.New(nil, chain.Options{})
	_, _, err := ask(t.Context(), c)
	require.Equal(t, gemma.Misconfigured, gemma.KindOf(err))
	_, err = c.Probe(t.Context())
	require.Equal(t, gemma.Misconfigured, gemma.KindOf(err))
	require.Empty(t, c.Info())
	require.Empty(t, c.State())
}

func TestProbeReturnsTheFirstThatAnswers(t *testing.T) {
	t.Parallel()
	c := chain.New(of(fails("first", fault(gemma.Misconfigured)), works("second"), works("third")), chain.Options{})
	info, err := c.Probe(t.Context())
	require.NoError(t, err)
	require.Equal(t, "second", info.Model)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	third := works("third")
	_, err = chain.New(of(fails("first", ctx.Err()), third), chain.Options{}).Probe(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, third.count())
}

func TestBeatsNeverFall(t *testing.T) {
	t.Parallel()
	beats := func(err error) func(context.Context, gemma.Beat) error {
		return func(_ context.Context, beat gemma.Beat) error {
			for _, n := range []int{0, 3, 8} {
				beat(n)
			}
			return err
		}
	}
	var told []int
	c := chain.New(of(does("a", beats(fault(gemma.Unavailable))), does("b", beats(fault(gemma.Overloaded))), does("c", beats(nil))), chain.Options{})
	_, _, err := c.Outline(t.Context(), gemma.OutlineRequest{}, func(n int) { told = append(told, n) })
	require.NoError(t, err)
	require.Equal(t, []int{0, 3, 8, 8, 11, 16, 16, 19, 24}, told)
}
