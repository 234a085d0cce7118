package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// memory is shared by the hosts of a server, which load one at a time: none counts memory as free
// that another is about to take.
type memory struct {
	loading sync.Mutex
	// files is the size of the loaded files. They are mapped, and systems count the pages of mapped
	// files as available.
	files atomic.Int64
}

// host manages a model: loaded once, on first use, and unloaded when idle for a
// while. Its loads and unloads never overlap, so memory is never taken twice.
type host struct {
	m      Model
	o      Options
	memory *memory
	ctx    context.Context // of loads
	cancel context.CancelFunc

	mu     sync.Mutex
	runner Runner
	size   int64 // of the loaded file
	users  int
	uses   uint64  // counts every take, so that a late timer is recognized
	busy   *change // under way, or to follow when the last user has left
	doomed bool    // the runner panicked: no new user gets it
	idle   *time.Timer
	closed bool

	loads    int
	loadedAt time.Time
}

// change is a load or an unload. err is set before done is closed.
type change struct {
	done chan struct{}
	err  error
}

func newHost(m Model, o Options, shared *memory) *host {
	ctx, cancel := context.WithCancel(context.Background())
	return &host{m: m, o: o, memory: shared, ctx: ctx, cancel: cancel}
}

// acquire returns the model, loading it when needed. All callers that wait for one load get
// its error. The caller calls release, once.
func (h *host) acquire(ctx context.Context) (Runner, error) {
	for {
		runner, wait, err := h.take()
		if runner != nil || err != nil {
			return runner, err
		}
		select {
		case <-wait.done:
			if wait.err != nil {
				return nil, wait.err
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// take returns the model, or what to wait for.
func (h *host) take() (Runner, *change, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, nil, errStopping
	case h.busy != nil:
		return nil, h.busy, nil
	case h.runner == nil:
		h.busy = &change{done: make(chan struct{})}
		go h.load(h.busy)
		return nil, h.busy, nil
	}
	h.users++
	h.uses++
	h.rest()
	return h.runner, nil, nil
}

func (h *host) release() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.users--
	switch {
	case h.users > 0:
	case h.doomed:
		go h.unload(h.busy)
	default:
		h.watch()
	}
}

// discard unloads a model that panicked as soon as its last user has left; the next
// request loads it anew. The caller is one of the users.
func (h *host) discard() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.doomed {
		h.doomed, h.busy = true, &change{done: make(chan struct{})}
	}
}

// watch starts the idle timer. mu is locked.
func (h *host) watch() {
	if h.o.IdleUnload > 0 && !h.closed {
		uses := h.uses
		h.idle = time.AfterFunc(h.o.IdleUnload, func() { h.expire(uses) })
	}
}

// rest stops the idle timer. mu is locked.
func (h *host) rest() {
	if h.idle != nil {
		h.idle.Stop()
		h.idle = nil
	}
}

func (h *host) expire(uses uint64) {
	h.mu.Lock()
	if h.closed || h.uses != uses || h.busy != nil {
		h.mu.Unlock()
		return
	}
	c := &change{done: make(chan struct{})}
	h.busy = c
	h.mu.Unlock()
	h.unload(c)
}

// unload closes the model; c is busy and the model has no users.
func (h *host) unload(c *change) {
	err := safely(h.runner.Close)
	h.o.Log.Info("model unloaded", "model", h.m.Name, "error", err)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.memory.files.Add(-h.size)
	h.runner, h.doomed = nil, false
	h.end(c)
}

// end wakes the callers that wait for c. mu is locked.
func (h *host) end(c *change) {
	h.busy = nil
	close(c.done)
}

func (h *host) load(c *change) {
	started := h.o.Now()
	runner, err := h.bring()
	h.mu.Lock()
	defer h.mu.Unlock()
	defer h.end(c)
	if err != nil {
		h.o.Log.Error("model not loaded", "model", h.m.Name, "error", err)
		c.err = loadProblem(err)
		return
	}
	h.runner, h.loads, h.loadedAt = runner, h.loads+1, h.o.Now()
	h.o.Log.Info("model loaded", "model", h.m.Name, "seconds", h.loadedAt.Sub(started).Seconds())
	h.watch() // the request that loaded it may have left
}

// bring loads the model if there is enough memory.
func (h *host) bring() (runner Runner, err error) {
	h.memory.loading.Lock()
	defer h.memory.loading.Unlock()
	if err := h.ctx.Err(); err != nil {
		return nil, err // the server stopped meanwhile
	}
	if err := h.room(); err != nil {
		return nil, err
	}
	err = safely(func() error {
		runner, err = h.m.Load(h.ctx)
		return err
	})
	if err == nil && runner == nil {
		err = errors.New("no model came of loading")
	}
	if err == nil {
		h.size = h.m.About().Size
		h.memory.files.Add(h.size)
	}
	return runner, err
}

// room compares the memory the model needs, plus an eighth, with the free memory without the files
// of the other models.
func (h *host) room() error {
	if h.m.Need == nil || h.o.Available == nil {
		return nil
	}
	need, err := h.m.Need()
	if err != nil {
		return fmt.Errorf("estimate memory: %w", err)
	}
	free, err := h.o.Available()
	if err != nil {
		h.o.Log.Warn("free memory is unknown", "error", err)
		return nil
	}
	free -= min(free, uint64(h.memory.files.Load()))
	if want := need + need/8; want > 0 && uint64(want) > free {
		return unavailable("out_of_memory", 30*time.Second, "the model needs %d MB of memory and %d MB are free", megabytes(want), megabytes(int64(free)))
	}
	return nil
}

func megabytes(bytes int64) int64 { return (bytes + 1<<20 - 1) >> 20 }

func loadProblem(err error) error {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	return unavailable("load_failed", 10*time.Second, "the model could not be loaded; the server's log says why")
}

// close cancels a load under way and unloads the model, waiting until ctx ends. Requests
// must be over: a model that is still in use stays loaded, with an error.
func (h *host) close(ctx context.Context) error {
	wait := h.shut()
	h.cancel()
	if wait != nil {
		select {
		case <-wait.done:
		case <-ctx.Done():
			return fmt.Errorf("the model is still loading or being let go: %w", ctx.Err())
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.users > 0 {
		return errors.New("the model is still in use")
	}
	if h.runner == nil {
		return nil
	}
	runner := h.runner
	h.runner = nil
	return safely(runner.Close)
}

// shut stops all use of the model and returns the change under way, if any.
func (h *host) shut() *change {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.rest()
	return h.busy
}

// state returns the state for health.
func (h *host) state() (loaded, changing bool, loads int, at time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.runner != nil && !h.doomed, h.busy != nil, h.loads, h.loadedAt
}

// panicked is a recovered panic of the model's code.
type panicked struct {
	value any
	stack []byte
}

// Error returns the panic's value; the stack is logged separately.
func (p *panicked) Error() string { return fmt.Sprintf("panic: %v", p.value) }

func safely(do func() error) (err error) {
	defer func() {
		if value := recover(); value != nil {
			err = &panicked{value, debug.Stack()}
		}
	}()
	return do()
}
