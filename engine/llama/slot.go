package llama

import (
	"context"
	"fmt"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// batch is how many tokens of a prompt are read at once; a call can end between two batches.
const batch = 256

// slot is one llama.cpp context: the memory of one conversation. One goroutine uses it at a
// time.
type slot struct {
	ctx    yzma.Context
	memory yzma.Memory // zero for models that read a whole text at once
}

func (m *Model) newSlot() (*slot, error) {
	ctx, err := yzma.InitFromModel(m.model, m.contextParams())
	if err != nil {
		return nil, fmt.Errorf("make a context of %d tokens: %w", m.o.Context, err)
	}
	memory, err := yzma.GetMemory(ctx)
	if err != nil {
		return nil, fmt.Errorf("make a context: %w", err)
	}
	return &slot{ctx, memory}, nil
}

func (m *Model) contextParams() yzma.ContextParams {
	p := yzma.ContextDefaultParams()
	p.NCtx, p.NSeqMax = uint32(m.o.Context), 1
	p.NBatch, p.NUbatch = batch, batch
	// Only the last token of a batch is sampled from; more would take a megabyte each with
	// Gemma's vocabulary.
	p.NOutputsMax = 1
	// The defaults are slow beside other busy processes.
	p.NThreads, p.NThreadsBatch = int32(m.o.Threads), int32(m.o.Threads)
	p.SwaFull = 0 // layers with a window keep only the window
	p.NoPerf = 1
	if m.o.Embedding {
		p.Embeddings = 1
		p.NBatch, p.NUbatch = p.NCtx, p.NCtx // such models read a whole text
		p.NOutputsMax = 0                    // every token counts for the vector
	}
	return p
}

// forget empties the slot for the next conversation.
func (s *slot) forget() error {
	if s.memory == 0 {
		return nil
	}
	return yzma.MemoryClear(s.memory, false)
}

// read processes tokens in batches; ctx ends it between two.
func (s *slot) read(ctx context.Context, tokens []yzma.Token) error {
	for len(tokens) > 0 {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		n := min(len(tokens), batch)
		if err := s.decode(tokens[:n]); err != nil {
			return err
		}
		tokens = tokens[n:]
	}
	return nil
}

func (s *slot) decode(tokens []yzma.Token) error {
	return judge(yzma.Decode(s.ctx, yzma.BatchGetOne(tokens)))
}

// judge converts llama.cpp's result of reading tokens to an error.
func judge(code int32, err error) error {
	if err != nil {
		return fmt.Errorf("read tokens: %w", err)
	}
	if code != 0 {
		return fmt.Errorf("llama.cpp could not read tokens: code %d", code)
	}
	return nil
}
