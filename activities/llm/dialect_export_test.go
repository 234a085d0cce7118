package llm

import (
	"context"
	"encoding/json"
)

// AskSample sends one prompt for JSON of a small schema, or for plain text without one,
// without the checks of real answers: the tests of dialects are about the protocol.
func AskSample(ctx context.Context, c *Client, prompt string, schema json.RawMessage, read func(string) (string, []string)) (string, Usage, error) {
	t := task{prompt: prompt, maxTokens: 64, temperature: 0.5}
	if schema != nil {
		t.form = &form{name: "sample", schema: schema}
	}
	return ask(ctx, c, t, nil, nil, func(_ task, text string) (string, []string) { return read(text) })
}

// WithoutKeywords is withoutKeywords.
var WithoutKeywords = withoutKeywords
