package engine

import (
	"encoding/json"
	"strings"
)

// wireChat is a client's chat request. Pointers distinguish absent from zero.
type wireChat struct {
	Model               string        `json:"model"`
	Messages            []wireMessage `json:"messages"`
	Stream              bool          `json:"stream"`
	StreamOptions       *wireStream   `json:"stream_options"`
	ResponseFormat      *wireFormat   `json:"response_format"`
	MaxTokens           *int          `json:"max_tokens"`
	MaxCompletionTokens *int          `json:"max_completion_tokens"`
	Temperature         *float64      `json:"temperature"`
	TopP                *float64      `json:"top_p"`
	TopK                *int          `json:"top_k"` // as in vLLM and llama-server
	Seed                *int64        `json:"seed"`
	Stop                texts         `json:"stop"`
	N                   *int          `json:"n"`

	Tools            []json.RawMessage          `json:"tools"`
	Functions        []json.RawMessage          `json:"functions"`
	Logprobs         bool                       `json:"logprobs"`
	LogitBias        map[string]json.RawMessage `json:"logit_bias"`
	FrequencyPenalty float64                    `json:"frequency_penalty"`
	PresencePenalty  float64                    `json:"presence_penalty"`
}

type wireStream struct {
	IncludeUsage bool `json:"include_usage"`
}

type wireFormat struct {
	Type       string `json:"type"`
	JSONSchema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// query is a parsed chat request: the runner's request and the form of the response.
type query struct {
	ChatRequest

	stream, usage bool
}

// Gemma's recommended sampling, the default.
const (
	defaultTemperature = 1.0
	defaultTopP        = 0.95
	defaultTopK        = 64
)

// understand validates a request and converts it to a query.
func (s *Server) understand(w wireChat) (query, error) {
	if err := s.checkModel(w.Model, s.chats, "chats"); err != nil {
		return query{}, err
	}
	if err := w.refused(); err != nil {
		return query{}, err
	}
	q := query{stream: w.Stream, usage: w.Stream && w.StreamOptions != nil && w.StreamOptions.IncludeUsage}
	if err := w.sampling(&q.ChatRequest); err != nil {
		return query{}, err
	}
	q.Seed = s.seed(w.Seed)
	var err error
	if q.Messages, err = conversation(w.Messages); err != nil {
		return query{}, err
	}
	q.Grammar, err = s.grammar(w.ResponseFormat)
	return q, err
}

// refused rejects options that would change the answer and are not supported, rather than ignoring them.
func (w wireChat) refused() error {
	for _, feature := range []struct {
		name  string
		asked bool
	}{
		{"n", w.N != nil && *w.N != 1},
		{"tools", len(w.Tools) > 0},
		{"functions", len(w.Functions) > 0},
		{"logprobs", w.Logprobs},
		{"logit_bias", len(w.LogitBias) > 0},
		{"frequency_penalty", w.FrequencyPenalty != 0},
		{"presence_penalty", w.PresencePenalty != 0},
	} {
		if feature.asked {
			return unsupported(feature.name, "%s is not supported with this value", feature.name)
		}
	}
	return nil
}

// sampling sets how tokens are sampled.
func (w wireChat) sampling(r *ChatRequest) error {
	r.Temperature, r.TopP, r.TopK, r.Stop = given(w.Temperature, defaultTemperature), given(w.TopP, defaultTopP), given(w.TopK, defaultTopK), w.Stop
	limit := w.MaxTokens
	if w.MaxCompletionTokens != nil {
		limit = w.MaxCompletionTokens
	}
	r.MaxTokens = given(limit, 0)
	switch {
	case limit != nil && *limit < 1:
		return invalid("max_completion_tokens", "the number of tokens must be 1 or more")
	case r.Temperature < 0 || r.Temperature > 2:
		return invalid("temperature", "temperature must be between 0 and 2")
	case r.TopP <= 0 || r.TopP > 1:
		return invalid("top_p", "top_p must be more than 0 and at most 1")
	case r.TopK < 0 || r.TopK > 1<<20:
		return invalid("top_k", "top_k must be 0 or more")
	case len(r.Stop) > 4:
		return invalid("stop", "at most 4 stop sequences are allowed")
	}
	for _, stop := range r.Stop {
		if stop == "" || len(stop) > 256 {
			return invalid("stop", "a stop sequence must have between 1 and 256 bytes")
		}
	}
	return nil
}

func (s *Server) seed(asked *int64) uint32 {
	if asked == nil {
		return s.o.Seed()
	}
	return uint32(*asked)
}

// grammar returns the grammar, empty for free text. Plain json_object is refused: without
// a schema the model may write JSON without an end.
func (s *Server) grammar(f *wireFormat) (string, error) {
	if f == nil || f.Type == "text" {
		return "", nil
	}
	if f.Type != "json_schema" {
		return "", unsupported("response_format", "response_format %q is not supported: use text, or json_schema with a schema", clip(f.Type))
	}
	if len(f.JSONSchema.Schema) == 0 {
		return "", invalid("response_format", "json_schema has no schema")
	}
	grammar, err := s.o.Grammar(f.JSONSchema.Schema)
	if err != nil {
		return "", unsupported("response_format", "the schema is not supported: %s", err.Error())
	}
	return grammar, nil
}

func given[T any](value *T, other T) T {
	if value == nil {
		return other
	}
	return *value
}

// clip shortens a client's text for an error message.
func clip(text string) string {
	const most = 100
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
