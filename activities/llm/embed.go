package llm

import (
	"context"
	"errors"
	"math"
	"strings"

	"github.com/openai/openai-go/v3"
)

// Bounds of a request for embeddings and of its answer.
const (
	// MaxEmbedTexts is how many texts one call takes, and MaxEmbedBytes how long each of them may be. A
	// token is rarely less than a character, and a character of the large alphabets three bytes: so such a
	// text fits the 512 tokens that lyo engine reads.
	MaxEmbedTexts = 256
	MaxEmbedBytes = 1200
	maxDimensions = 8192
)

// similarityPrompt goes before each text for EmbeddingGemma, which was trained with a prompt for each task:
// this is the one for how much texts mean the same. It is symmetric: both of a pair have it.
const similarityPrompt = "task: sentence similarity | query: "

// Embed returns one vector a text, in order, all of one length. Texts that mean the same have vectors in
// about the same direction. The answer is checked: as many vectors as texts, each once, finite and not
// zero. It takes EmbedTimeout at most.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if c.broken != nil {
		return nil, c.broken
	}
	if len(texts) == 0 {
		return nil, nil
	}
	inputs, err := c.inputs(texts)
	if err != nil {
		return nil, err
	}
	short, cancel := context.WithTimeout(ctx, c.o.EmbedTimeout)
	defer cancel()
	answer, err := c.embeddings.New(short, openai.EmbeddingNewParams{
		Model: c.o.Model, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: inputs},
		EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
	})
	if err != nil {
		return nil, embedFailure(ctx, short, err)
	}
	return vectorsOf(answer.Data, len(texts))
}

// inputs returns the texts as they are sent.
func (c *Client) inputs(texts []string) ([]string, error) {
	if len(texts) > MaxEmbedTexts {
		return nil, &Error{Kind: Misconfigured, Message: "too many texts for one request for embeddings"}
	}
	prompt := ""
	if strings.Contains(strings.ReplaceAll(strings.ToLower(c.o.Model), "-", ""), "embeddinggemma") {
		prompt = similarityPrompt
	}
	inputs := make([]string, len(texts))
	for i, text := range texts {
		if strings.TrimSpace(text) == "" || len(text) > MaxEmbedBytes {
			return nil, &Error{Kind: Misconfigured, Message: "a text for embeddings is blank or too long"}
		}
		inputs[i] = prompt + strings.ToValidUTF8(text, "\uFFFD")
	}
	return inputs, nil
}

func embedFailure(ctx, short context.Context, err error) error {
	if ctx.Err() == nil && short.Err() != nil {
		return &Error{Kind: Unavailable, Message: "the server did not answer in time", Err: short.Err()}
	}
	if ctx.Err() == nil && notAnAPI(err) {
		return &Error{Kind: Misconfigured, Message: "what answers at the base URL does not make embeddings", Err: err}
	}
	return failure(ctx, err)
}

// vectorsOf checks an answer to n texts.
func vectorsOf(data []openai.Embedding, n int) ([][]float32, error) {
	if len(data) != n {
		return nil, badVectors("the number of vectors is not that of the texts")
	}
	vectors := make([][]float32, n)
	for _, d := range data {
		if d.Index < 0 || d.Index >= int64(n) || vectors[d.Index] != nil {
			return nil, badVectors("a vector belongs to no text, or to one that has another")
		}
		if len(d.Embedding) == 0 || len(d.Embedding) > maxDimensions || len(d.Embedding) != len(data[0].Embedding) {
			return nil, badVectors("vectors are empty, too long, or of different lengths")
		}
		v, ok := finite(d.Embedding)
		if !ok {
			return nil, badVectors("a vector is zero or has numbers that are none")
		}
		vectors[d.Index] = v
	}
	return vectors, nil
}

func badVectors(message string) *Error {
	return &Error{Kind: BadAnswer, Message: "embeddings: " + message, Err: errors.New("refused embeddings")}
}

// finite converts a vector; ok is false for one that has no direction.
func finite(numbers []float64) (v []float32, ok bool) {
	v = make([]float32, len(numbers))
	var square float64
	for i, x := range numbers {
		v[i] = float32(x)
		square += float64(v[i]) * float64(v[i])
	}
	return v, square > 0 && !math.IsInf(square, 0) && !math.IsNaN(square)
}
