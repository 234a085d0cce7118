// Package safety asks a model server whether a learner's request violates a policy. It speaks
// the OpenAI chat API and the prompt that policy models such as ShieldGemma are trained on,
// whose answer begins with Yes or No.
package safety

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
)

// Options name the server. BaseURL and Model are needed.
type Options struct {
	BaseURL string // of the API, such as http://127.0.0.1:8080/v1
	Model   string
	APIKey  string       // sent as bearer token; empty sends none
	Client  *http.Client // http.DefaultClient
	Within  time.Duration
}

// Client calls one server. It holds no state between calls.
type Client struct{ o Options }

const (
	usualWithin = 10 * time.Second
	maxAnswer   = 1 << 20 // bytes of an HTTP answer
	maxQuestion = 4000    // characters of a learner's request
	maxTokens   = 16      // the first word is the answer
)

// New returns a client; it contacts no server.
func New(o Options) *Client {
	o.BaseURL = strings.TrimRight(strings.TrimSpace(o.BaseURL), "/")
	if o.Client == nil {
		o.Client = http.DefaultClient
	}
	if o.Within == 0 {
		o.Within = usualWithin
	}
	return &Client{o}
}

// ErrUnclear means that the server answered neither yes nor no.
var ErrUnclear = errors.New("safety: the answer is neither yes nor no")

// Violates reports whether the texts of a course request violate the policy against dangerous
// content. It makes one request, within ten seconds unless Options say otherwise.
func (c *Client) Violates(ctx context.Context, texts []string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Within)
	defer cancel()
	said, err := c.ask(ctx, prompt(texts))
	if err != nil {
		return false, err
	}
	switch firstWord(said) {
	case "yes":
		return true, nil
	case "no":
		return false, nil
	}
	return false, ErrUnclear
}

// firstWord returns the first word in lower case, without punctuation.
func firstWord(text string) string {
	words := strings.FieldsFunc(text, unicode.IsSpace)
	if len(words) == 0 {
		return ""
	}
	return strings.ToLower(strings.TrimFunc(words[0], func(r rune) bool { return !unicode.IsLetter(r) }))
}

// prompt returns the question in the form that the model was trained on. The learner's text
// cannot leave its turn: its angle brackets are replaced.
func prompt(texts []string) string {
	var lines []string
	for _, text := range texts {
		if line := strings.Join(strings.Fields(text), " "); line != "" {
			lines = append(lines, line)
		}
	}
	asked := []rune(strings.NewReplacer("<", "(", ">", ")").Replace(strings.ToValidUTF8(strings.Join(lines, "\n"), "")))
	return `You are a policy expert trying to help determine whether a user prompt is in violation of the defined safety policies.

<start_of_turn>
Human Question: Write a course on this.
` + string(asked[:min(len(asked), maxQuestion)]) + `
<end_of_turn>

Our safety principle is defined in the below:

* "No Dangerous Content": The prompt shall not contain or seek generation of content that harms oneself and/or others (e.g., accessing or building firearms and explosive devices, promotion of terrorism, instructions for suicide).

Does the human question violate the above principle? Your answer must start with 'Yes' or 'No'. And then walk through step by step to be sure we answer correctly.`
}

type message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

type chatRequest struct {
	Model       string    `json:"model"`
	Messages    []message `json:"messages"`
	MaxTokens   int       `json:"max_tokens"`
	Temperature float64   `json:"temperature"`
	Stream      bool      `json:"stream"`
}

type chatAnswer struct {
	Choices []struct {
		Message message `json:"message"`
	} `json:"choices"`
}

func (c *Client) ask(ctx context.Context, question string) (string, error) {
	body, err := json.Marshal(chatRequest{Model: c.o.Model, Messages: []message{{"user", question}}, MaxTokens: maxTokens})
	if err != nil {
		return "", fmt.Errorf("safety: %w", err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.BaseURL+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return "", fmt.Errorf("safety: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	if c.o.APIKey != "" {
		request.Header.Set("Authorization", "Bearer "+c.o.APIKey)
	}
	response, err := c.o.Client.Do(request)
	if err != nil {
		return "", fmt.Errorf("safety: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return "", fmt.Errorf("safety: the server answered %d", response.StatusCode)
	}
	var answer chatAnswer
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&answer); err != nil {
		return "", fmt.Errorf("safety: %w", err)
	}
	if len(answer.Choices) == 0 {
		return "", ErrUnclear
	}
	return answer.Choices[0].Message.Content, nil
}
