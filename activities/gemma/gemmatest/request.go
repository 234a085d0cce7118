package gemmatest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Kind is what a request asks for.
type Kind string

// The kinds of requests.
const (
	Outline  Kind = "outline"
	Lesson   Kind = "lesson"
	Practice Kind = "practice"
	Models   Kind = "models" // GET /v1/models
)

// Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Request is one chat request as it came. Nth counts within its kind from 1, repair
// turns included. Title is the lesson's, for lessons and practice.
type Request struct {
	Kind          Kind
	Nth           int
	Repair        bool
	Title, Topic  string
	Model         string
	Authorization string
	Messages      []Message
	SchemaName    string
	Strict        bool
	Schema        json.RawMessage
	MaxTokens     int
	Stream, Usage bool
	Body          string
}

type wire struct {
	Model         string    `json:"model"`
	Messages      []Message `json:"messages"`
	MaxTokens     int       `json:"max_tokens"`
	Stream        bool      `json:"stream"`
	StreamOptions struct {
		IncludeUsage bool `json:"include_usage"`
	} `json:"stream_options"`
	ResponseFormat struct {
		JSONSchema struct {
			Name   string          `json:"name"`
			Strict bool            `json:"strict"`
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
}

func parseRequest(body []byte, authorization string) (Request, error) {
	var in wire
	if err := json.Unmarshal(body, &in); err != nil {
		return Request{}, err
	}
	format := in.ResponseFormat.JSONSchema
	r := Request{
		Model: in.Model, Authorization: authorization, Messages: in.Messages, Body: string(body),
		SchemaName: format.Name, Strict: format.Strict, Schema: format.Schema,
		MaxTokens: in.MaxTokens, Stream: in.Stream, Usage: in.StreamOptions.IncludeUsage,
		Repair: len(in.Messages) > 1,
	}
	r.Kind, r.Topic, r.Title = kindOf(r), labelled("Topic", r.Prompt()), labelled("Lesson title", r.Prompt())
	return r, nil
}

// Prompt is the first turn.
func (r Request) Prompt() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[0].Content
}

func kindOf(r Request) Kind {
	name, prompt := strings.ToLower(r.SchemaName), r.Prompt()
	switch {
	case strings.Contains(name, "outline"), name == "" && strings.Contains(prompt, `"lessons"`):
		return Outline
	case strings.Contains(name, "practice"), name == "" && strings.Contains(prompt, `"study_questions"`):
		return Practice
	}
	return Lesson
}

// labelled finds a line "label: value", quoted as data or not; the first one counts.
func labelled(label, prompt string) string {
	m := regexp.MustCompile(`(?m)^(?:\| )?` + regexp.QuoteMeta(label) + `: (.+)$`).FindStringSubmatch(prompt)
	if m == nil {
		return ""
	}
	return strings.TrimSpace(m[1])
}
