package engine_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/engine"
)

func crash(before ...string) script {
	return func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
		if r.Messages[0].Content != "crash" {
			return say("fine")(ctx, r, emit)
		}
		_, _ = say(before...)(ctx, r, emit)
		panic("assertion failed")
	}
}

// TestPanicsOfTheModel: a panic cuts a stream, with an error event and no end, or
// responds 500. The model is then loaded anew.
func TestPanicsOfTheModel(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	s := overTCP(t, crash("some text"), func(o *engine.Options) { o.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	got := s.chat(ask("crash"))
	require.Equal(t, 500, got.status)
	_, kind, code := got.failure(t)
	require.Equal(t, "server_error", kind)
	require.Equal(t, "model_failed", code)

	got = s.chat(streamed("crash"))
	require.Equal(t, 200, got.status)
	require.Contains(t, got.body, "some text")
	require.Contains(t, got.body, `data: {"error":{"code":"model_failed"`)
	require.NotContains(t, got.body, "[DONE]")
	require.Error(t, got.err, "the connection is cut")

	require.Equal(t, 200, s.chat(ask("fine")).status)
	require.EqualValues(t, 3, s.loads.Load())
	require.Zero(t, s.health().SlotsInUse)
	require.Contains(t, log.String(), "assertion failed")

	c := s.openai()
	stream := c.Chat.Completions.NewStreaming(t.Context(), openai.ChatCompletionNewParams{
		Model: "tiny", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("crash")},
	})
	for stream.Next() {
	}
	require.Error(t, stream.Err())
}

// TestPanicSparesItsNeighbours lets an answer finish that runs beside one that panics;
// new requests wait for a fresh model.
func TestPanicSparesItsNeighbours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		s := inMemory(t, func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
			if r.Messages[0].Content == "neighbour" {
				return g.chat(ctx, r, emit)
			}
			return crash()(ctx, r, emit)
		}, several(2, 2))
		neighbour := s.inBackground(t.Context(), ask("neighbour"))
		<-g.started
		require.Equal(t, 500, s.chat(ask("crash")).status)
		next := s.inBackground(t.Context(), ask("next"))
		synctest.Wait()
		require.EqualValues(t, 1, s.loads.Load())
		g.open <- struct{}{}
		require.Contains(t, (<-neighbour).body, "first last")
		require.Equal(t, 200, (<-next).status)
		require.EqualValues(t, 2, s.loads.Load())
	})
}

// TestErrorsOfTheModel: errors are reported by status while nothing was sent, and by an event later.
func TestErrorsOfTheModel(t *testing.T) {
	t.Parallel()
	s := overTCP(t, func(_ context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
		switch r.Messages[0].Content {
		case "long":
			return engine.ChatResult{}, errors.Join(engine.ErrTooLong, errors.New("9000 of 8192"))
		case "embed":
			return engine.ChatResult{}, engine.ErrUnsupported
		case "late":
			_ = emit("text")
		}
		return engine.ChatResult{}, errors.New("decode failed")
	})
	for text, want := range map[string]struct {
		status int
		code   string
	}{
		"long": {400, "context_length_exceeded"}, "embed": {400, "unsupported_value"}, "early": {500, "model_failed"},
	} {
		for _, body := range []map[string]any{ask(text), streamed(text)} {
			got := s.chat(body)
			require.Equal(t, want.status, got.status)
			message, _, code := got.failure(t)
			require.Equal(t, want.code, code)
			require.NotContains(t, message, "decode failed")
		}
	}
	late := s.chat(streamed("late"))
	require.Error(t, late.err)
	require.True(t, strings.Contains(late.body, "text") && strings.Contains(late.body, "model_failed"))
	require.EqualValues(t, 1, s.loads.Load(), "an error does not cost the model")
}

// TestGracefulStop refuses new and waiting requests, lets the running answer finish and
// then unloads the model.
func TestGracefulStop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		model := &runner{chat: g.chat}
		s := inMemory(t, nil, func(o *engine.Options) {
			o.Load = func(context.Context) (engine.Runner, error) { return model, nil }
		})
		running := s.inBackground(t.Context(), streamed("running"))
		<-g.started
		queued := s.inBackground(t.Context(), ask("queued"))
		synctest.Wait()
		stopping, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		closed := make(chan error, 1)
		go func() { closed <- s.server.Close(stopping) }()
		refused := <-queued
		require.Equal(t, 503, refused.status)
		require.NotEmpty(t, refused.header.Get("Retry-After"))
		require.Equal(t, 503, s.chat(ask("new")).status)
		h := s.get("/health")
		require.Equal(t, 503, h.status)
		require.Contains(t, h.body, `"status":"stopping"`)
		require.Zero(t, model.closed.Load())
		g.open <- struct{}{}
		whole := <-running
		require.NoError(t, whole.err)
		require.Contains(t, whole.body, "[DONE]")
		require.NoError(t, <-closed)
		require.EqualValues(t, 1, model.closed.Load())
	})
}

// TestStopCutsShort cancels what does not finish in time; a model that ignores even that is
// left loaded and Close returns an error.
func TestStopCutsShort(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		deaf := make(chan struct{})
		g := newGate()
		s := inMemory(t, func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
			if r.Messages[0].Content == "deaf" {
				<-deaf
			}
			return g.chat(ctx, r, emit)
		}, several(2, 0))
		running := s.inBackground(t.Context(), streamed("running"))
		stuck := s.inBackground(t.Context(), ask("deaf"))
		<-g.started
		synctest.Wait()
		stopping, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		require.ErrorContains(t, s.server.Close(stopping), "still in use")
		require.Equal(t, time.Minute+5*time.Second, time.Since(begun))
		cut := <-running
		require.Error(t, cut.err)
		require.Contains(t, cut.body, `"code":"stopping"`)
		close(deaf)
		require.Equal(t, 503, (<-stuck).status)
		require.NoError(t, s.server.Close(t.Context()), "once it heeds, the model goes")
	})
}

// TestStopEndsALoad cancels the loader's context.
func TestStopEndsALoad(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, nil, func(o *engine.Options) {
			o.Load = func(ctx context.Context) (engine.Runner, error) { <-ctx.Done(); return nil, ctx.Err() }
		})
		waiting := s.inBackground(t.Context(), ask("x"))
		synctest.Wait()
		stopping, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.NoError(t, s.server.Close(stopping))
		require.Equal(t, 503, (<-waiting).status)
	})
}
