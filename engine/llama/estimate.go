package llama

import "fmt"

// Estimate returns the memory in bytes that Load takes: the file, and for
// each slot its cache and compute buffers. It reads the file's header only and should be
// right within a factor of two. A file that is not GGUF, or lacks the metadata, gives
// ErrFile.
func Estimate(o Options) (int64, error) {
	h, err := readHeader(o.Path)
	if err != nil {
		return 0, err
	}
	s, err := h.shape()
	if err != nil {
		return 0, fmt.Errorf("%w: %s: %w", ErrFile, o.Path, err)
	}
	o = o.withDefaults().fitted(h)
	const process, entry = 8 << 20, 150 // llama.cpp itself, and its tables for each token of the vocabulary
	once := h.size + process + int64(s.vocabulary)*entry
	slot := s.cache(o.Context) + s.scratch(batch) + s.candidates()
	if o.Embedding {
		slot = s.scratch(o.Context) + s.whole(o.Context)
	}
	return once + int64(o.Slots)*int64(slot), nil
}

// shape has the dimensions that determine the memory.
type shape struct {
	layers, width, feedForward, heads, kvHeads, keys, values, window, vocabulary float64
}

func (h *header) shape() (shape, error) {
	arch := h.text("general.architecture")
	number := func(name string, otherwise float64) float64 {
		if v, ok := h.numbers[arch+"."+name]; ok {
			return v
		}
		return otherwise
	}
	s := shape{
		layers: number("block_count", 0), width: number("embedding_length", 0),
		feedForward: number("feed_forward_length", 0), heads: number("attention.head_count", 0),
		window: number("attention.sliding_window", 0), vocabulary: float64(h.lists["tokenizer.ggml.tokens"]),
	}
	if s.layers <= 0 || s.width <= 0 || s.heads <= 0 {
		return s, fmt.Errorf("its header does not say how large a model of kind %q is", arch)
	}
	s.kvHeads = number("attention.head_count_kv", s.heads)
	s.keys = number("attention.key_length", s.width/s.heads)
	s.values = number("attention.value_length", s.keys)
	return s, nil
}

// globalEvery is the period of Gemma 3's layers: one in so many has no window.
const globalEvery = 6

// cache returns the size of a slot's cache for each token in each layer, 16 bits a number.
// Layers with a window cache no more than it and a batch.
func (s shape) cache(context int) float64 {
	global, local := s.layers, 0.0
	kept := s.window + batch
	if s.window > 0 && kept < float64(context) {
		global = float64(int(s.layers) / globalEvery)
		local = s.layers - global
	}
	perToken := s.kvHeads * (s.keys + s.values) * 2
	return perToken * (global*float64(context) + local*kept)
}

// scratch returns the size of the activations of so many tokens that are read at once, 32 bits a number.
func (s shape) scratch(tokens int) float64 {
	return 4 * float64(tokens) * (6*s.width + 3*s.feedForward + 4*s.heads*s.keys)
}

// candidates returns the size of the likelihood of each token of the vocabulary, with llama.cpp's and our
// list of candidates.
func (s shape) candidates() float64 { return 4 * 6 * s.vocabulary }

// whole returns what a model for embeddings takes besides to read a text of so many tokens at once: the
// attention of every token to every other, and room for the likelihood of the whole vocabulary after each
// token, which llama.cpp reserves though nothing is written there.
func (s shape) whole(tokens int) float64 {
	return 4 * float64(tokens) * (s.heads*float64(tokens) + s.vocabulary)
}
