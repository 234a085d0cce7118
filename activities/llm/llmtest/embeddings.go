package llmtest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"unicode"
)

// dimensions is the length of a vector.
const dimensions = 256

type embeddingsRequest struct {
	Model  string   `json:"model"`
	Input  []string `json:"input"`
	Format string   `json:"encoding_format"`
}

func (s *Server) serveEmbeddings(w http.ResponseWriter, r *http.Request) {
	var in embeddingsRequest
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil || json.Unmarshal(body, &in) != nil || len(in.Input) == 0 || slices.Contains(in.Input, "") {
		writeError(w, http.StatusBadRequest, "body is not a request for embeddings of texts")
		return
	}
	if s.embeddings == "" || in.Model != s.embeddings {
		writeError(w, http.StatusNotFound, fmt.Sprintf("The model `%s` does not exist.", in.Model))
		return
	}
	nth := s.countRequest(Embeddings)
	s.mu.Lock()
	s.texts = append(s.texts, in.Input...)
	s.mu.Unlock()
	out := &reply{text: marshal(s.embeddingList(in)), stallAfter: -1, cutAfter: -1}
	s.spoil(Request{Kind: Embeddings, Nth: nth, Model: in.Model, Body: string(body)}, out)
	if out.hold && !s.park(r.Context(), func(st *State) *int { return &st.Held }) {
		panic(http.ErrAbortHandler)
	}
	if out.status != 0 {
		writeFault(w, out)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = io.WriteString(w, out.text)
}

// Embedded returns the texts of all requests for embeddings.
func (s *Server) Embedded() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.texts)
}

func (s *Server) embeddingList(in embeddingsRequest) map[string]any {
	data, words := make([]any, len(in.Input)), 0
	for i, text := range in.Input {
		v := bagOfWords(text)
		words += len(strings.Fields(text))
		var vector any = v
		if in.Format == "base64" {
			vector = packed(v)
		}
		data[i] = map[string]any{"object": "embedding", "index": i, "embedding": vector}
	}
	return map[string]any{
		"object": "list", "model": s.embeddings, "data": data, "usage": map[string]any{"prompt_tokens": words, "total_tokens": words},
	}
}

// bagOfWords returns a vector of length 1 in which each word counts in a place of its own, unless two fall
// on one.
func bagOfWords(text string) []float32 {
	v := make([]float32, dimensions)
	v[0] = 1e-3 // a text without words has a direction too
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsNumber(r) }) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(word))
		v[h.Sum32()%dimensions]++
	}
	var square float64
	for _, x := range v {
		square += float64(x * x)
	}
	for i := range v {
		v[i] /= float32(math.Sqrt(square))
	}
	return v
}

func packed(v []float32) string {
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}
