package engine_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/engine"
)

func several(slots, queue int) func(*engine.Options) {
	return func(o *engine.Options) { o.Slots, o.Queue = slots, queue }
}

// TestLoadsOnce sends four requests while the model loads.
func TestLoadsOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		loaded := make(chan struct{})
		s := inMemory(t, say("ok"), several(2, 2), func(o *engine.Options) {
			load := o.Load
			o.Load = func(ctx context.Context) (engine.Runner, error) {
				<-loaded
				return load(ctx)
			}
		})
		require.Equal(t, engine.Health{Status: "ok", Model: "tiny", Slots: 2, QueueLimit: 2}, s.health())
		var waiting []<-chan reply
		for range 4 {
			waiting = append(waiting, s.inBackground(t.Context(), ask("x")))
		}
		synctest.Wait()
		require.Equal(t, "loading", s.health().Status)
		close(loaded)
		for _, w := range waiting {
			require.Equal(t, 200, (<-w).status)
		}
		h := s.health()
		require.EqualValues(t, 1, s.loads.Load())
		require.Equal(t, 1, h.Loads)
		require.True(t, h.Loaded)
		require.NotNil(t, h.LastLoadedAt)
	})
}

// TestFailedLoad: all requests that wait for it get the error; the next request tries again.
func TestFailedLoad(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func() error{
		"error": func() error { return errors.New("/secret/path is broken") },
		"panic": func() error { panic("at the loader") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := overTCP(t, say("ok"), func(o *engine.Options) {
				load, tries := o.Load, 0
				o.Load = func(ctx context.Context) (engine.Runner, error) {
					if tries++; tries == 1 {
						return nil, fault()
					}
					return load(ctx)
				}
			})
			got := s.chat(streamed("x"))
			require.Equal(t, 503, got.status)
			require.Equal(t, "10", got.header.Get("Retry-After"))
			message, _, code := got.failure(t)
			require.Equal(t, "load_failed", code)
			require.NotContains(t, message, "secret")
			require.False(t, s.health().Loaded)
			require.Equal(t, 200, s.chat(ask("x")).status)
		})
	}
}

// TestMemoryIsCheckedBeforeLoading refuses with both figures, and loads once there is enough memory.
func TestMemoryIsCheckedBeforeLoading(t *testing.T) {
	t.Parallel()
	free := uint64(900 << 20)
	s := overTCP(t, say("ok"), func(o *engine.Options) {
		o.Need = func() (int64, error) { return 800 << 20, nil }
		o.Available = func() (uint64, error) { return free, nil }
	})
	free = 899 << 20
	got := s.chat(ask("x"))
	require.Equal(t, 503, got.status)
	require.NotEmpty(t, got.header.Get("Retry-After"))
	message, _, code := got.failure(t)
	require.Equal(t, "out_of_memory", code)
	require.Equal(t, "the model needs 900 MB of memory and 899 MB are free", message)
	require.Zero(t, s.loads.Load())
	free = 900 << 20
	require.Equal(t, 200, s.chat(ask("x")).status)
}

// TestModelsShareTheMemory: the file of one counts while the other loads, until it is unloaded.
func TestModelsShareTheMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := inMemory(t, say("ok"), withEmbeddings, func(o *engine.Options) {
			o.Need = func() (int64, error) { return 80 << 20, nil }
			o.About = func() engine.About { return engine.About{Size: 60 << 20} }
			o.Embeddings.Need = func() (int64, error) { return 48 << 20, nil }
			o.Available = func() (uint64, error) { return 100 << 20, nil }
			o.IdleUnload = time.Minute
		})
		embed := func() reply {
			return read(s.post(t.Context(), "/v1/embeddings", `{"model":"vectors","input":"x"}`))
		}
		require.Equal(t, 200, s.chat(ask("x")).status)
		got := embed()
		require.Equal(t, 503, got.status)
		require.Contains(t, got.body, "the model needs 54 MB of memory and 40 MB are free")
		wait(2 * time.Minute)
		require.False(t, s.health().Loaded)
		require.Equal(t, 200, embed().status)
	})
}

func TestMemoryThatCannotBeKnown(t *testing.T) {
	t.Parallel()
	fault := errors.New("no such file")
	need := overTCP(t, say("ok"), func(o *engine.Options) {
		o.Need = func() (int64, error) { return 0, fault }
		o.Available = func() (uint64, error) { return 1, nil }
	})
	require.Equal(t, 503, need.chat(ask("x")).status)
	available := overTCP(t, say("ok"), func(o *engine.Options) {
		o.Need = func() (int64, error) { return 1 << 30, nil }
		o.Available = func() (uint64, error) { return 0, fault }
	})
	require.Equal(t, 200, available.chat(ask("x")).status)
}

// TestUnloadsWhenIdle checks that it never unloads during an answer, however long, and loads again.
func TestUnloadsWhenIdle(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var models []*runner
		g := newGate()
		s := inMemory(t, nil, several(2, 2), func(o *engine.Options) {
			o.IdleUnload = 10 * time.Minute
			o.Load = func(context.Context) (engine.Runner, error) {
				models = append(models, &runner{chat: g.chat})
				return models[len(models)-1], nil
			}
		})
		begun := time.Now()
		long := s.inBackground(t.Context(), ask("long"))
		<-g.started
		wait(time.Hour)
		require.True(t, s.health().Loaded)
		g.open <- struct{}{}
		require.Equal(t, 200, (<-long).status)
		wait(9 * time.Minute)
		short := s.inBackground(t.Context(), ask("short")) // restarts the idle time
		g.open <- struct{}{}
		require.Equal(t, 200, (<-short).status)
		wait(9 * time.Minute)
		require.True(t, s.health().Loaded)
		wait(2 * time.Minute)
		require.False(t, s.health().Loaded)
		require.EqualValues(t, 1, models[0].closed.Load())

		again := s.inBackground(t.Context(), ask("again"))
		g.open <- struct{}{}
		require.Equal(t, 200, (<-again).status)
		h := s.health()
		require.Equal(t, 2, h.Loads)
		require.WithinDuration(t, begun.Add(80*time.Minute), *h.LastLoadedAt, time.Second)
		require.Len(t, models, 2)
	})
}

// wait advances the bubble's time.
func wait(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// TestLoadThatNobodyWaitsFor unloads the model after the client has left meanwhile.
func TestLoadThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		model, loaded := &runner{chat: say("ok")}, make(chan struct{})
		s := inMemory(t, nil, func(o *engine.Options) {
			o.IdleUnload = time.Minute
			o.Load = func(context.Context) (engine.Runner, error) { <-loaded; return model, nil }
		})
		leaving, leave := context.WithCancel(t.Context())
		gone := s.inBackground(leaving, ask("x"))
		synctest.Wait()
		leave()
		require.Error(t, (<-gone).err)
		synctest.Wait()
		require.Zero(t, s.health().SlotsInUse, "the slot is free before the load ends")
		close(loaded)
		synctest.Wait()
		require.True(t, s.health().Loaded)
		wait(2 * time.Minute)
		require.False(t, s.health().Loaded)
		require.EqualValues(t, 1, model.closed.Load())
	})
}

// TestNotReady serves everything but answers, and reports why.
func TestNotReady(t *testing.T) {
	t.Parallel()
	missing := errors.New("model file missing: fetch it with lyo model pull")
	s := overTCP(t, say("ok"), func(o *engine.Options) {
		o.Ready = func() error { return missing }
		o.About = func() engine.About { return engine.About{Version: "v1", Size: 3<<20 - 1, Verified: true} }
	})
	h := s.health()
	require.False(t, h.Verified)
	require.Equal(t, "not_ready", h.Status)
	require.Equal(t, missing.Error(), h.Message)
	require.Equal(t, 200, s.get("/v1/models").status)
	for _, body := range []map[string]any{ask("x"), streamed("x")} {
		got := s.chat(body)
		require.Equal(t, 503, got.status)
		message, _, code := got.failure(t)
		require.Equal(t, "model_not_ready", code)
		require.Equal(t, missing.Error(), message)
	}
	missing = nil
	require.Equal(t, 200, s.chat(ask("x")).status)
	missing = errors.New("removed meanwhile")
	require.Equal(t, 200, s.chat(ask("x")).status, "it is in memory")
	h = s.health()
	require.Equal(t, "ok", h.Status)
	require.Equal(t, "v1", h.Version)
	require.EqualValues(t, 3, h.SizeMB)
	require.True(t, h.Verified)
}
