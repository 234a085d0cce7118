package llmtest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Kind is the kind of a request.
type Kind string

// The kinds of requests.
const (
	Outline  Kind = "outline"
	Lesson   Kind = "lesson"
	Practice Kind = "practice"
	// Questions requests more quiz questions, Solve the answers to some, Summary a course's summary.
	Questions Kind = "questions"
	Solve     Kind = "solve"
	Summary   Kind = "summary"
	// Curate requests an order of items for a learner.
	Curate Kind = "curate"
	Models Kind = "models" // GET /v1/models
	// Embeddings is POST /v1/embeddings. Of the faults it has Hold, those of the status, and those of the
	// text, which is the whole body.
	Embeddings Kind = "embeddings"
)

// Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Request is one chat request as received. Nth counts within its kind from 1, repair
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

// Prompt returns the first turn.
func (r Request) Prompt() string {
	if len(r.Messages) == 0 {
		return ""
	}
	return r.Messages[0].Content
}

// small reports whether this is the smaller task.
func (r Request) small() bool {
	return strings.Contains(r.SchemaName, "small") || strings.Contains(r.Prompt(), "Write one short lesson") ||
		strings.Contains(r.Prompt(), "Exactly 3 lessons") || strings.Contains(r.Prompt(), "No key terms")
}

// shapes identify the kind by a word of the schema's name, or of a prompt that shows the shape.
var shapes = []struct {
	kind        Kind
	name, shape string
}{
	{Outline, "outline", `"lessons"`},
	{Practice, "practice", `"study_questions"`},
	{Questions, "questions", `{"quiz"`},
	{Solve, "solve", `"answers"`},
	{Summary, "summary", `{"summary"`},
	{Curate, "curate", `{"order"`},
}

func kindOf(r Request) Kind {
	name, prompt := strings.ToLower(r.SchemaName), r.Prompt()
	for _, s := range shapes {
		if strings.Contains(name, s.name) || name == "" && strings.Contains(prompt, s.shape) {
			return s.kind
		}
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
