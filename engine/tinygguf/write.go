package tinygguf

import (
	"fmt"
	"os"
	"path/filepath"
)

// Options shape the model. The zero value is valid.
type Options struct {
	// Seed is of the random part of the weights; the text depends on it as well as on the seed of the
	// sampling.
	Seed uint64
	// Endless models never end free text by themselves.
	Endless bool
	// Embedding makes a model for embeddings, with mean pooling, that cannot write.
	Embedding bool
	// Unused adds so many tokens that never occur; real models have 262144 tokens.
	Unused int
	// Gemma4 makes a model with the architecture and the markers of Gemma 4 instead of Gemma 3.
	Gemma4 bool
	// PlainMarkers marks <start_of_turn> as an ordinary token of the vocabulary, as some files do.
	PlainMarkers bool
}

// The shape. Heads times headSize is the width here, but need not be.
const (
	layers        = 6 // every sixth has global attention, the others a window
	width         = 64
	feedForward   = 128
	heads         = 2
	kvHeads       = 1
	headSize      = 32
	contextLength = 8192
	window        = 512
)

// Write writes the model to path, replacing an existing file atomically. The same options
// give the same bytes.
func Write(path string, o Options) error {
	draft, err := os.CreateTemp(filepath.Dir(path), ".tinygguf-*")
	if err != nil {
		return fmt.Errorf("write a tiny model: %w", err)
	}
	defer func() { _ = os.Remove(draft.Name()) }()
	_, err = draft.Write(encode(metadata(o), tensors(o)))
	if closed := draft.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("write a tiny model: %w", err)
	}
	if err := os.Rename(draft.Name(), path); err != nil {
		return fmt.Errorf("write a tiny model: %w", err)
	}
	return nil
}

// metadata returns what llama.cpp needs before the weights.
func metadata(o Options) []pair {
	arch := architecture(o)
	words := vocabulary(o)
	m := []pair{
		{"general.architecture", arch},
		{"general.name", "tiny " + arch},
		{"general.file_type", uint32(1)},
		{arch + ".context_length", uint32(contextLength)},
		{arch + ".embedding_length", uint32(width)},
		{arch + ".block_count", uint32(layers)},
		{arch + ".feed_forward_length", uint32(feedForward)},
		{arch + ".attention.head_count", uint32(heads)},
		{arch + ".attention.head_count_kv", uint32(kvHeads)},
		{arch + ".attention.key_length", uint32(headSize)},
		{arch + ".attention.value_length", uint32(headSize)},
		{arch + ".attention.sliding_window", uint32(window)},
		{arch + ".attention.layer_norm_rms_epsilon", float32(1e-6)},
		{arch + ".rope.freq_base", float32(1e6)},
		{"tokenizer.ggml.model", "llama"},
		{"tokenizer.ggml.pre", "default"},
		{"tokenizer.ggml.tokens", texts(words)},
		{"tokenizer.ggml.scores", scores(words)},
		{"tokenizer.ggml.token_type", kinds(words)},
		{"tokenizer.ggml.padding_token_id", uint32(pad)},
		{"tokenizer.ggml.eos_token_id", uint32(eos)},
		{"tokenizer.ggml.bos_token_id", uint32(bos)},
		{"tokenizer.ggml.unknown_token_id", uint32(unk)},
		{"tokenizer.ggml.add_bos_token", true},
		{"tokenizer.ggml.add_space_prefix", false},
	}
	if o.Embedding {
		m = append(m, pair{arch + ".pooling_type", uint32(1)}, pair{arch + ".attention.causal", false})
	}
	if o.Gemma4 {
		m = append(
			m, pair{arch + ".attention.key_length_swa", uint32(headSize)}, pair{arch + ".attention.value_length_swa", uint32(headSize)},
			pair{arch + ".embedding_length_per_layer_input", uint32(0)}, pair{arch + ".attention.sliding_window_pattern", windows()},
		)
	}
	return m
}

// windows tells which layers have a window: all but every sixth.
func windows() []bool {
	list := make([]bool, layers)
	for i := range list {
		list[i] = (i+1)%6 != 0
	}
	return list
}

func architecture(o Options) string {
	switch {
	case o.Embedding:
		return "gemma-embedding"
	case o.Gemma4:
		return "gemma4"
	}
	return "gemma3"
}
