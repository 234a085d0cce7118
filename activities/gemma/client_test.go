package gemma_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/gemmatest"
	"github.com/stretchr/testify/require"
)

const secret = "sk-very-secret"

// long is far more than any event here takes; it only ends a test that hangs.
func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func client(t *testing.T, s *gemmatest.Server, change ...func(*gemma.Options)) *gemma.Client {
	o := gemma.Options{
		BaseURL: s.BaseURL(), Model: s.Model(), APIKey: secret,
		IdleTimeout: 5 * time.Second, HTTPClient: &http.Client{Transport: &http.Transport{}},
	}
	for _, f := range change {
		f(&o)
	}
	t.Cleanup(o.HTTPClient.CloseIdleConnections)
	return gemma.New(o)
}

func impatient(o *gemma.Options) {
	o.IdleTimeout, o.StartTimeout = 300*time.Millisecond, 300*time.Millisecond
}

func brief() gemma.Brief {
	return gemma.Brief{Topic: "sourdough", Interests: []string{"chess"}, Level: "beginner", Locale: "en"}
}

func lesson() gemma.LessonRequest {
	return gemma.LessonRequest{
		Brief: brief(), CourseTitle: "Bread", Titles: []string{"Flour", "Water", "Heat"}, Number: 2,
		Plan: gemma.LessonPlan{Title: "Water", Summary: "How wet.", Objectives: []string{"Weigh water"}, Minutes: 20},
	}
}

func TestWritesACourse(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t, gemmatest.WithAPIKey(secret))
	c, ctx := client(t, s), long(t)

	info, err := c.Probe(ctx)
	require.NoError(t, err)
	require.Equal(t, gemma.Info{Model: s.Model(), Provider: "gemmatest", PromptVersion: gemma.PromptVersion}, info)

	b := brief()
	b.Hours = 4
	outline, usage, err := c.Outline(ctx, gemma.OutlineRequest{Brief: b}, nil)
	require.NoError(t, err)
	require.Len(t, outline.Lessons, 4)
	require.Contains(t, outline.Title, "sourdough")
	require.Positive(t, usage.InputTokens)
	require.Positive(t, usage.OutputTokens)
	minutes := 0
	for _, l := range outline.Lessons {
		minutes += l.Minutes
	}
	require.InDelta(t, 240, minutes, 20)

	written, _, err := c.Lesson(ctx, lesson(), nil)
	require.NoError(t, err)
	text := written.Markdown
	require.True(t, strings.HasPrefix(text, "# Water\n"))

	practice, _, err := c.Practice(ctx, gemma.PracticeRequest{Brief: brief(), LessonTitle: "Water", LessonText: text}, nil)
	require.NoError(t, err)
	require.Len(t, practice.Quiz, 3)
	for _, q := range practice.Quiz {
		require.Contains(t, strings.ToLower(text), q.Options[q.Answer])
	}
	require.Equal(t, map[string]int{"Water": 1}, s.State().Lessons)
	require.Zero(t, s.State().Repairs)
}

func TestConversationSuitsGemma(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	s.On(gemmatest.Outline, 1, gemmatest.BrokenJSON())
	_, _, err := client(t, s).Outline(long(t), gemma.OutlineRequest{Brief: brief()}, nil)
	require.NoError(t, err)
	requests := s.Requests()
	require.Len(t, requests, 2)
	for i, want := range [][]string{{"user"}, {"user", "assistant", "user"}} {
		var roles []string
		for _, m := range requests[i].Messages {
			roles = append(roles, m.Role)
			require.NotEmpty(t, m.Content)
		}
		require.Equal(t, want, roles)
		require.Equal(t, "Bearer "+secret, requests[i].Authorization)
		require.True(t, requests[i].Stream && requests[i].Usage && requests[i].Strict)
		require.Positive(t, requests[i].MaxTokens)
	}
	require.Contains(t, requests[1].Messages[2].Content, "not one JSON object")
}

func TestBaseURLWithAndWithoutSlashes(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	for _, end := range []string{"", "/", "///"} {
		_, err := client(t, s, func(o *gemma.Options) { o.BaseURL += end }).Probe(long(t))
		require.NoError(t, err)
	}
}

func TestPromptOnlyJSON(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	s.On(gemmatest.Practice, 0, gemmatest.Fenced())
	c := client(t, s, func(o *gemma.Options) { o.Dialect = gemma.Hosted })
	_, _, err := c.Outline(long(t), gemma.OutlineRequest{Brief: brief()}, nil)
	require.NoError(t, err)
	_, _, err = c.Practice(long(t), gemma.PracticeRequest{Brief: brief(), LessonTitle: "x", LessonText: "some words of text"}, nil)
	require.NoError(t, err)
	for _, r := range s.Requests() {
		require.NotContains(t, r.Body, "response_format")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	s.On(gemmatest.Lesson, 2, gemmatest.NoUsage())
	at := time.Unix(0, 0)
	c := client(t, s, func(o *gemma.Options) {
		o.Now = func() time.Time { at = at.Add(2 * time.Second); return at }
	})
	told := 0
	_, exact, err := c.Lesson(long(t), lesson(), func(n int) { require.GreaterOrEqual(t, n, told); told = n })
	require.NoError(t, err)
	require.InDelta(t, 2, exact.Seconds, 0)
	text, estimate, err := c.Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	require.InDelta(t, len(text.Markdown)/4, estimate.OutputTokens, 2)
	require.InDelta(t, exact.InputTokens, estimate.InputTokens, 2)
	require.Equal(t, estimate.OutputTokens, told)
}

func TestBeatsWhileTheServerIsSilent(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	s.On(gemmatest.Lesson, 1, gemmatest.Hold())
	beats := 0
	_, _, err := client(t, s).Lesson(long(t), lesson(), func(tokens int) {
		if beats++; beats == 2 {
			require.Zero(t, tokens)
			s.Release()
		}
	})
	require.NoError(t, err)
}

func TestCancelClosesTheStream(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]gemmatest.Fault{"held": gemmatest.Hold(), "stalled": gemmatest.Stall(), "slow": gemmatest.Delay(20 * time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := gemmatest.New(t)
			s.On(gemmatest.Lesson, 0, fault)
			ctx, cancel := context.WithCancel(long(t))
			failed := make(chan error, 1)
			go func() { _, _, err := client(t, s).Lesson(ctx, lesson(), nil); failed <- err }()
			require.NoError(t, s.Wait(long(t), func(st gemmatest.State) bool { return st.Open == 1 }))
			started := time.Now()
			cancel()
			require.NoError(t, s.WaitClosed(long(t), 1))
			err := <-failed
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, gemma.KindOf(err))
			require.Less(t, time.Since(started), 2*time.Second)
			require.Zero(t, s.State().Open)
		})
	}
}

func TestProbeFailures(t *testing.T) {
	t.Parallel()
	s, kind := gemmatest.New(t), gemma.KindOf
	_, err := client(t, s, func(o *gemma.Options) { o.Model = "another" }).Probe(long(t))
	require.Equal(t, gemma.Misconfigured, kind(err))
	_, err = client(t, s, func(o *gemma.Options) { o.BaseURL = "nowhere" }).Probe(long(t))
	require.Equal(t, gemma.Misconfigured, kind(err))
	_, err = client(t, s, func(o *gemma.Options) { o.BaseURL = s.BaseURL() + "/other" }).Probe(long(t))
	require.Equal(t, gemma.Misconfigured, kind(err))

	s.On(gemmatest.Models, 2, gemmatest.Hold())
	_, err = client(t, s, func(o *gemma.Options) { o.ProbeTimeout = 50 * time.Millisecond }).Probe(long(t))
	require.Equal(t, gemma.Unavailable, kind(err))

	s.Close()
	_, err = client(t, s).Probe(long(t))
	require.Equal(t, gemma.Unavailable, kind(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client(t, s).Probe(ctx)
	require.True(t, errors.Is(err, context.Canceled) && kind(err) == "")
}
