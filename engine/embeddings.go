package engine

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"math"
	"net/http"
	"slices"
)

type wireEmbeddings struct {
	Model      string `json:"model"`
	Input      texts  `json:"input"`
	Format     string `json:"encoding_format"`
	Dimensions *int   `json:"dimensions"`
}

// maxInputs bounds the texts of one request, as OpenAI does.
const maxInputs = 2048

// serveEmbeddings answers POST /v1/embeddings.
func (s *Server) serveEmbeddings(w http.ResponseWriter, r *http.Request) {
	var in wireEmbeddings
	err := s.read(w, r, &in)
	if err == nil {
		err = s.checkEmbeddings(in)
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	leave, err := s.embeddings.admit()
	if err != nil {
		s.refuse(w, err)
		return
	}
	defer leave()
	var vectors [][]float32
	var tokens int
	err = s.work(r.Context(), s.embeddings, func(ctx context.Context, runner Runner) error {
		vectors, tokens, err = runner.Embed(ctx, in.Input)
		return err
	})
	switch {
	case r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the client has left
	case err != nil:
		s.refuse(w, err)
	default:
		s.reply(w, http.StatusOK, s.embeddingList(vectors, tokens, in.Format == "base64"))
	}
}

func (s *Server) checkEmbeddings(in wireEmbeddings) error {
	if err := s.checkModel(in.Model, s.embeddings, "embeddings"); err != nil {
		return err
	}
	switch {
	case len(in.Input) == 0 || len(in.Input) > maxInputs:
		return invalid("input", "input must be a text or 1 to %d texts", maxInputs)
	case in.Dimensions != nil:
		return unsupported("dimensions", "dimensions is not supported: vectors come as long as the model makes them")
	case in.Format != "" && in.Format != "float" && in.Format != "base64":
		return unsupported("encoding_format", "encoding_format must be float or base64")
	}
	if slices.Contains(in.Input, "") {
		return invalid("input", "input must not hold an empty text")
	}
	return nil
}

type embedding struct {
	Object    string `json:"object"`
	Index     int    `json:"index"`
	Embedding any    `json:"embedding"`
}

func (s *Server) embeddingList(vectors [][]float32, tokens int, packed bool) any {
	data := make([]embedding, len(vectors))
	for i, v := range vectors {
		data[i] = embedding{"embedding", i, v}
		if packed {
			data[i].Embedding = pack(v)
		}
	}
	return map[string]any{
		"object": "list", "model": s.embeddings.Name, "data": data,
		"usage": map[string]int{"prompt_tokens": tokens, "total_tokens": tokens},
	}
}

// pack encodes a vector as base64 of little-endian floats.
func pack(v []float32) string {
	raw := make([]byte, 0, 4*len(v))
	for _, f := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
