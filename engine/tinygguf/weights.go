package tinygguf

import (
	"fmt"
	"math"
	"math/rand/v2"
)

// The size of the random part. The first columns of the embedding are the state, one each, and the blocks
// cannot change them; the others are random, and the blocks' additions to them depend on the whole text
// before. So each text prefers other words, and the states still decide.
const (
	embeddingNoise = 0.5  // length of a token's random part; that of its state is 1
	blockNoise     = 0.15 // of what each half of a block adds
	stateGain      = 0.15 // makes a state about 1 after the last norm
	outputNoise    = 0.06 // leaves likelihoods random by about a quarter
)

// tensors returns the weights.
func tensors(o Options) []tensor {
	w := weights{rand.New(rand.NewPCG(o.Seed, 0x6c796f))} //nolint:gosec // nothing secret comes of it
	words := vocabulary(o)
	list := []tensor{w.embedding(words), w.lastNorm(o)}
	if !o.Embedding {
		list = append(list, w.output(words, grammar(o)))
	}
	if o.Gemma4 {
		list = append(list, norm("rope_freqs", headSize/2, 1, 1))
	}
	for i := range layers {
		list = append(list, w.block(fmt.Sprintf("blk.%d.", i))...)
	}
	return list
}

type weights struct{ *rand.Rand }

// embedding has one row a token: its state, and a random direction.
func (w weights) embedding(words []token) tensor {
	t := blank("token_embd", width, len(words))
	for i, word := range words {
		row := t.data[i*width : (i+1)*width]
		row[word.at] = 1
		if word.kind == unused {
			continue // there may be very many
		}
		noise := row[states:]
		var square float64
		for j := range noise {
			noise[j] = float32(w.NormFloat64())
			square += float64(noise[j] * noise[j])
		}
		for j := range noise {
			noise[j] *= embeddingNoise / float32(math.Sqrt(square))
		}
	}
	return t
}

// output has one row a token: its likelihood after each state, and a random part.
func (w weights) output(words []token, l likelihood) tensor {
	t := blank("output", width, len(words))
	for i, word := range words {
		row := t.data[i*width : (i+1)*width]
		for s := range states {
			row[s] = l.of(s, word.role)
		}
		if word.kind == unused {
			continue
		}
		for j := int(states); j < width; j++ {
			row[j] = outputNoise * float32(w.NormFloat64())
		}
	}
	return t
}

func (w weights) lastNorm(o Options) tensor {
	if o.Embedding {
		return norm("output_norm", width, 1, 1)
	}
	return norm("output_norm", width, stateGain, 1)
}

func (w weights) block(name string) []tensor {
	return []tensor{
		norm(name+"attn_norm", width, 1, 1),
		w.matrix(name+"attn_q", width, heads*headSize),
		w.matrix(name+"attn_k", width, kvHeads*headSize),
		w.matrix(name+"attn_v", width, kvHeads*headSize),
		w.matrix(name+"attn_output", heads*headSize, width),
		norm(name+"attn_q_norm", headSize, 1, 1),
		norm(name+"attn_k_norm", headSize, 1, 1),
		norm(name+"post_attention_norm", width, 0, blockNoise),
		norm(name+"ffn_norm", width, 1, 1),
		w.matrix(name+"ffn_gate", width, feedForward),
		w.matrix(name+"ffn_up", width, feedForward),
		w.matrix(name+"ffn_down", feedForward, width),
		norm(name+"post_ffw_norm", width, 0, blockNoise),
	}
}

func (w weights) matrix(name string, cols, rows int) tensor {
	t := blank(name, cols, rows)
	scale := 1 / math.Sqrt(float64(cols))
	for i := range t.data {
		t.data[i] = float32(w.NormFloat64() * scale)
	}
	return t
}

// norm scales the columns of the states and the random ones.
func norm(name string, cols int, state, random float32) tensor {
	t := blank(name, cols, 1)
	for i := range t.data {
		t.data[i] = random
		if i < int(states) {
			t.data[i] = state
		}
	}
	return t
}

func blank(name string, cols, rows int) tensor {
	return tensor{name + ".weight", cols, rows, make([]float32, cols*rows)}
}
