package llama

import (
	"context"
	"errors"
	"fmt"
	"sync"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// Options are the settings of Load.
type Options struct {
	LibDir    string // llama.cpp's shared libraries, from FetchLibraries
	Path      string // a GGUF file
	Context   int    // tokens a slot, prompt and answer together; 0: 4096; of an embedding no more than the file's own
	Slots     int    // answers written at once, each with a context of its own; 0: one
	Threads   int    // of each slot; 0: one
	Embedding bool   // load for Embed instead of Chat
}

func (o Options) withDefaults() Options {
	if o.Context <= 0 {
		o.Context = 4096
	}
	o.Slots, o.Threads = max(o.Slots, 1), max(o.Threads, 1)
	return o
}

// fitted bounds the context of a model for embeddings by that of its file: such models have positions
// for no more tokens.
func (o Options) fitted(h *header) Options {
	own, known := h.numbers[h.text("general.architecture")+".context_length"]
	if o.Embedding && known && own >= 1 {
		o.Context = min(o.Context, int(own))
	}
	return o
}

// Info describes a loaded model.
type Info struct {
	Name       string // from the file's metadata
	Parameters uint64
	Size       uint64 // bytes of all weights
	Context    int    // tokens a slot
}

// Model is a loaded model. Its methods may be called by several goroutines; calls beyond the
// number of slots wait for one.
type Model struct {
	o       Options
	model   yzma.Model
	vocab   yzma.Vocab
	info    Info
	markers markers

	made   int
	slots  chan *slot // the idle ones
	closed chan struct{}
	once   sync.Once
}

// Load loads a model with all its slots. The caller closes it. It takes seconds for a real
// model and cannot be cancelled.
func Load(o Options) (*Model, error) {
	o = o.withDefaults()
	head, err := readHeader(o.Path)
	if err != nil {
		return nil, err
	}
	o = o.fitted(head)
	if err := open(o.LibDir); err != nil {
		return nil, err
	}
	weights, err := yzma.ModelLoadFromFile(o.Path, yzma.ModelDefaultParams())
	if err != nil {
		return nil, fmt.Errorf("%w: llama.cpp refuses %s: %w", ErrFile, o.Path, err)
	}
	m := &Model{
		o: o, model: weights, vocab: yzma.ModelGetVocab(weights),
		slots: make(chan *slot, o.Slots), closed: make(chan struct{}),
	}
	m.info = Info{
		Name: head.text("general.name"), Parameters: yzma.ModelNParams(weights),
		Size: yzma.ModelSize(weights), Context: o.Context,
	}
	if err := m.prepare(); err != nil {
		return nil, errors.Join(err, m.free())
	}
	return m, nil
}

func (m *Model) prepare() error {
	if !m.o.Embedding {
		var err error
		if m.markers, err = findMarkers(m.vocab); err != nil {
			return err
		}
	}
	for range m.o.Slots {
		s, err := m.newSlot()
		if err != nil {
			return err
		}
		m.made++
		m.slots <- s
	}
	return nil
}

// Info returns the description of the model.
func (m *Model) Info() Info { return m.info }

// acquire waits for an idle slot; the caller releases it.
func (m *Model) acquire(ctx context.Context) (*slot, error) {
	select {
	case <-m.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	default:
	}
	select {
	case s := <-m.slots:
		return s, nil
	case <-m.closed:
		return nil, ErrClosed
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (m *Model) release(s *slot) { m.slots <- s }

// Close waits for running calls and frees everything. Closing twice does nothing; later
// calls get ErrClosed.
func (m *Model) Close() error {
	var err error
	m.once.Do(func() {
		close(m.closed)
		err = m.free()
	})
	return err
}

// free waits until all slots are idle.
func (m *Model) free() error {
	var errs []error
	for range m.made {
		errs = append(errs, yzma.Free((<-m.slots).ctx))
	}
	errs = append(errs, yzma.ModelFree(m.model))
	return errors.Join(errs...)
}
