package engine_test

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/engine"
)

// TestQueueIsBoundedAndFair fills the slot and the queue: the next request is asked to
// retry, and waiting ones are served in the order of their arrival.
func TestQueueIsBoundedAndFair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate()
		s := inMemory(t, g.chat)
		var waiting []<-chan reply
		for _, name := range []string{"one", "two", "three"} {
			waiting = append(waiting, s.inBackground(t.Context(), ask(name)))
			synctest.Wait()
		}
		h := s.health()
		require.Equal(t, []int{1, 1, 2, 2}, []int{h.Slots, h.SlotsInUse, h.Queue, h.QueueLimit})

		refused := s.chat(streamed("four"))
		require.Equal(t, 429, refused.status)
		require.Equal(t, "5", refused.header.Get("Retry-After"))
		_, kind, code := refused.failure(t)
		require.Equal(t, "rate_limit_error", kind)
		require.Equal(t, "queue_full", code)

		for i, name := range []string{"one", "two", "three"} {
			require.Equal(t, name, <-g.started)
			g.open <- struct{}{}
			require.Equal(t, 200, (<-waiting[i]).status)
		}
		synctest.Wait()
		h = s.health()
		require.Equal(t, []int{0, 0}, []int{h.SlotsInUse, h.Queue})
	})
}

// TestWhoLeavesTheQueueGivesUpTheirPlace cancels the middle one of three.
func TestWhoLeavesTheQueueGivesUpTheirPlace(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func(string) map[string]any{"whole": ask, "stream": streamed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				g := newGate()
				s := inMemory(t, g.chat)
				first := s.inBackground(t.Context(), ask("first"))
				synctest.Wait()
				leaving, leave := context.WithCancel(t.Context())
				second := s.inBackground(leaving, body("second"))
				synctest.Wait()
				third := s.inBackground(t.Context(), ask("third"))
				synctest.Wait()
				require.Equal(t, 2, s.health().Queue)
				leave()
				require.ErrorIs(t, (<-second).err, context.Canceled)
				synctest.Wait()
				require.Equal(t, 1, s.health().Queue)
				fourth := s.inBackground(t.Context(), ask("fourth"))
				close(g.open)
				for _, waiting := range []<-chan reply{first, third, fourth} {
					require.Equal(t, 200, (<-waiting).status)
				}
				require.Len(t, g.started, 3, "nobody answered who had left")
			})
		})
	}
}

// TestWhoLeavesInMidAnswerFreesTheSlot runs over TCP, where leaving is a closed connection.
func TestWhoLeavesInMidAnswerFreesTheSlot(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func(string) map[string]any{"whole": ask, "stream": streamed} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			s := overTCP(t, g.chat, func(o *engine.Options) { o.Queue = 1 })
			leaving, leave := context.WithCancel(t.Context())
			gone := s.inBackground(leaving, body("gone"))
			require.Equal(t, "gone", <-g.started)
			next := s.inBackground(t.Context(), ask("next"))
			leave()
			require.ErrorIs(t, <-g.left, context.Canceled)
			require.Error(t, (<-gone).err)
			require.Equal(t, "next", <-g.started, "the slot is free")
			g.open <- struct{}{}
			require.Equal(t, 200, (<-next).status)
		})
	}
}

// TestSlowReadersAreCutOff stops reading in mid-stream: the slot is free after the write timeout.
func TestSlowReadersAreCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan error, 1)
		s := inMemory(t, func(_ context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
			if r.Messages[0].Content != "stuck" {
				return say("ok")(t.Context(), r, emit)
			}
			for {
				if err := emit("a piece of text that goes on and on"); err != nil {
					ended <- err
					return engine.ChatResult{}, err
				}
			}
		})
		leaving, leave := context.WithCancel(t.Context())
		defer leave()
		res, err := s.post(leaving, "/v1/chat/completions", streamed("stuck"))
		require.NoError(t, err)
		defer res.Body.Close()
		synctest.Wait()
		require.Equal(t, 1, s.health().SlotsInUse)
		require.ErrorContains(t, <-ended, "i/o timeout") // the bubble's clock runs on by itself
		require.Equal(t, 200, s.chat(ask("next")).status)
	})
}

// TestCommentsKeepStreamsAlive keeps a stream in the queue, then in its prompt: in both it
// gets a comment every few seconds.
func TestCommentsKeepStreamsAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reading := make(chan struct{})
		g := newGate()
		s := inMemory(t, func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
			if r.Messages[0].Content == "second" {
				<-reading
				return say("answer")(ctx, r, emit)
			}
			return g.chat(ctx, r, emit)
		})
		first := s.inBackground(t.Context(), ask("first"))
		synctest.Wait()
		res, err := s.post(t.Context(), "/v1/chat/completions", streamed("second"))
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, http.StatusOK, res.StatusCode)
		events := bufio.NewReader(res.Body)
		require.Equal(t, ": waiting", nextEvent(t, events))
		require.Equal(t, 1, s.health().Queue)
		close(g.open)
		require.Equal(t, 200, (<-first).status)
		require.Equal(t, ": waiting", nextEvent(t, events))
		require.Equal(t, 1, s.health().SlotsInUse)
		close(reading)
		for _, want := range []string{"assistant", "answer", "stop", "[DONE]"} {
			require.Contains(t, nextEvent(t, events), want)
		}
	})
}
