package llm_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

const secret = "sk-very-secret"

// long is far more than any event here takes; it only ends a test that hangs.
func long(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func client(t *testing.T, s *llmtest.Server, change ...func(*llm.Options)) *llm.Client {
	o := llm.Options{
		BaseURL: s.BaseURL(), Model: s.Model(), APIKey: secret,
		IdleTimeout: 5 * time.Second, HTTPClient: &http.Client{Transport: &http.Transport{}},
	}
	for _, f := range change {
		f(&o)
	}
	t.Cleanup(o.HTTPClient.CloseIdleConnections)
	return llm.New(o)
}

func impatient(o *llm.Options) {
	o.IdleTimeout, o.StartTimeout = 300*time.Millisecond, 300*time.Millisecond
}

func brief() llm.Brief {
	return llm.Brief{Topic: "sourdough", Interests: []string{"chess"}, Level: "beginner", Locale: "en"}
}

func lesson() llm.LessonRequest {
	return llm.LessonRequest{
		Brief: brief(), CourseTitle: "Bread", Titles: []string{"Flour", "Water", "Heat"}, Number: 2,
		Plan: llm.LessonPlan{Title: "Water", Summary: "How wet.", Objectives: []string{"Weigh water"}, Minutes: 20},
	}
}

// TestTheProviderIsTheOperators: what a server says in owned_by is not who provides the model.
func TestTheProviderIsTheOperators(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	for dialect, want := range map[llm.Dialect]string{"": "openai-compatible", llm.Engine: "openai-compatible", llm.Ollama: "ollama", llm.VLLM: "vllm"} {
		c := llm.New(llm.Options{BaseURL: s.BaseURL(), Model: s.Model(), Dialect: dialect})
		info, err := c.Probe(long(t))
		require.NoError(t, err)
		require.Equal(t, want, info.Provider)
	}
}

func TestWritesACourse(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.WithAPIKey(secret))
	c, ctx := client(t, s), long(t)

	info, err := c.Probe(ctx)
	require.NoError(t, err)
	require.Equal(t, llm.Info{Model: s.Model(), Provider: "openai-compatible", PromptVersion: llm.PromptVersion}, info)

	b := brief()
	b.Hours = 4
	outline, usage, err := c.Outline(ctx, llm.OutlineRequest{Brief: b}, nil)
	require.NoError(t, err)
	require.Len(t, outline.Lessons, 4)
	require.Contains(t, outline.Title, "sourdough")
	require.Positive(t, usage.InputTokens)
	require.Positive(t, usage.OutputTokens)
	for i, l := range outline.Lessons {
		require.Equal(t, 25+5*i, l.Minutes, "as the model has planned it, whatever was asked for")
	}

	written, _, err := c.Lesson(ctx, lesson(), nil)
	require.NoError(t, err)
	text := written.Markdown
	require.True(t, strings.HasPrefix(text, "# Water\n"))

	practice, _, err := c.Practice(ctx, llm.PracticeRequest{Brief: brief(), LessonTitle: "Water", LessonText: text}, nil)
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
	s := llmtest.New(t)
	s.On(llmtest.Outline, 1, llmtest.BrokenJSON())
	_, _, err := client(t, s).Outline(long(t), llm.OutlineRequest{Brief: brief()}, nil)
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
	s := llmtest.New(t)
	for _, end := range []string{"", "/", "///"} {
		_, err := client(t, s, func(o *llm.Options) { o.BaseURL += end }).Probe(long(t))
		require.NoError(t, err)
	}
}

func TestPromptOnlyJSON(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	s.On(llmtest.Practice, 0, llmtest.Fenced())
	c := client(t, s, func(o *llm.Options) { o.Dialect = llm.Hosted })
	_, _, err := c.Outline(long(t), llm.OutlineRequest{Brief: brief()}, nil)
	require.NoError(t, err)
	_, _, err = c.Practice(long(t), llm.PracticeRequest{Brief: brief(), LessonTitle: "x", LessonText: "some words of text"}, nil)
	require.NoError(t, err)
	for _, r := range s.Requests() {
		require.NotContains(t, r.Body, "response_format")
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	s.On(llmtest.Lesson, 2, llmtest.NoUsage())
	at := time.Unix(0, 0)
	c := client(t, s, func(o *llm.Options) {
		o.Now = func() time.Time { at = at.Add(2 * time.Second); return at }
	})
	reported := 0
	_, exact, err := c.Lesson(long(t), lesson(), &llm.Session{Heartbeat: func(n int) { require.GreaterOrEqual(t, n, reported); reported = n }})
	require.NoError(t, err)
	require.InDelta(t, 2, exact.Seconds, 0)
	text, estimate, err := c.Lesson(long(t), lesson(), nil)
	require.NoError(t, err)
	require.InDelta(t, len(text.Markdown)/4, estimate.OutputTokens, 2)
	require.InDelta(t, exact.InputTokens, estimate.InputTokens, 2)
	require.Equal(t, estimate.OutputTokens, reported)
}

func TestBeatsWhileTheServerIsSilent(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	s.On(llmtest.Lesson, 1, llmtest.Hold())
	heartbeats := 0
	_, _, err := client(t, s).Lesson(long(t), lesson(), &llm.Session{Heartbeat: func(tokens int) {
		if heartbeats++; heartbeats == 2 {
			require.Zero(t, tokens)
			s.Release()
		}
	}})
	require.NoError(t, err)
}

func TestCancelClosesTheStream(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]llmtest.Fault{"held": llmtest.Hold(), "stalled": llmtest.Stall(), "slow": llmtest.Delay(20 * time.Millisecond)} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := llmtest.New(t)
			s.On(llmtest.Lesson, 0, fault)
			ctx, cancel := context.WithCancel(long(t))
			failed := make(chan error, 1)
			go func() { _, _, err := client(t, s).Lesson(ctx, lesson(), nil); failed <- err }()
			require.NoError(t, s.Wait(long(t), func(st llmtest.State) bool { return st.Open == 1 }))
			started := time.Now()
			cancel()
			require.NoError(t, s.WaitClosed(long(t), 1))
			err := <-failed
			require.ErrorIs(t, err, context.Canceled)
			require.Empty(t, llm.KindOf(err))
			require.Less(t, time.Since(started), 2*time.Second)
			require.Zero(t, s.State().Open)
		})
	}
}

func TestProbeFailures(t *testing.T) {
	t.Parallel()
	s, kind := llmtest.New(t), llm.KindOf
	_, err := client(t, s, func(o *llm.Options) { o.Model = "another" }).Probe(long(t))
	require.Equal(t, llm.Misconfigured, kind(err))
	_, err = client(t, s, func(o *llm.Options) { o.BaseURL = "nowhere" }).Probe(long(t))
	require.Equal(t, llm.Misconfigured, kind(err))
	_, err = client(t, s, func(o *llm.Options) { o.BaseURL = s.BaseURL() + "/other" }).Probe(long(t))
	require.Equal(t, llm.Misconfigured, kind(err))

	s.On(llmtest.Models, 2, llmtest.Hold())
	_, err = client(t, s, func(o *llm.Options) { o.ProbeTimeout = 50 * time.Millisecond }).Probe(long(t))
	require.Equal(t, llm.Unavailable, kind(err))

	s.Close()
	_, err = client(t, s).Probe(long(t))
	require.Equal(t, llm.Unavailable, kind(err))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = client(t, s).Probe(ctx)
	require.True(t, errors.Is(err, context.Canceled) && kind(err) == "")
}
