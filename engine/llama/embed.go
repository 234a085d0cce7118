package llama

import (
	"context"
	"errors"
	"fmt"
	"math"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// Embed returns one vector of length 1 a text, in order, and the number of tokens read. ctx
// is checked between texts. The errors are ErrTooLong, ErrUnsupported, ErrClosed.
func (m *Model) Embed(ctx context.Context, texts []string) ([][]float32, int, error) {
	if !m.o.Embedding {
		return nil, 0, fmt.Errorf("%w: it writes text", ErrUnsupported)
	}
	s, err := m.acquire(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer m.release(s)
	vectors, read := make([][]float32, len(texts)), 0
	for i, text := range texts {
		if err := context.Cause(ctx); err != nil {
			return nil, read, err
		}
		tokens := tokenize(m.vocab, text, true)
		if len(tokens) > m.o.Context {
			return nil, read, fmt.Errorf("%w: %d tokens, and the context holds %d", ErrTooLong, len(tokens), m.o.Context)
		}
		if vectors[i], err = m.embed(s, tokens); err != nil {
			return nil, read, err
		}
		read += len(tokens)
	}
	return vectors, read, nil
}

func (m *Model) embed(s *slot, tokens []yzma.Token) ([]float32, error) {
	if err := s.forget(); err != nil {
		return nil, err
	}
	work := yzma.Decode
	if s.memory == 0 {
		work = yzma.Encode
	}
	if err := judge(work(s.ctx, yzma.BatchGetOne(tokens))); err != nil {
		return nil, err
	}
	vector, err := yzma.GetEmbeddingsSeq(s.ctx, 0, yzma.ModelNEmbdOut(m.model))
	if err != nil {
		return nil, fmt.Errorf("embed: %w", err)
	}
	if vector == nil {
		return nil, errors.New("llama.cpp made no embedding; the model may name no way of pooling")
	}
	return unit(vector), nil
}

// unit copies v, which belongs to llama.cpp, scaled to length 1.
func unit(v []float32) []float32 {
	var square float64
	for _, x := range v {
		square += float64(x) * float64(x)
	}
	out := make([]float32, len(v))
	if square == 0 {
		return out
	}
	for i, x := range v {
		out[i] = float32(float64(x) / math.Sqrt(square))
	}
	return out
}
