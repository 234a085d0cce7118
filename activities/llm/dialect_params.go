package llm

import (
	"slices"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"
)

// params returns a task's request in the server's dialect. Every server of the table returns
// the usage when asked; where one does not, the meter estimates.
func (c *Client) params(t task, messages []openai.ChatCompletionMessageParamUnion) openai.ChatCompletionNewParams {
	q := quirksOf[c.o.Dialect]
	p := openai.ChatCompletionNewParams{
		Model: c.o.Model, Messages: messages, Temperature: param.NewOpt(t.temperature),
	}
	p.StreamOptions.IncludeUsage = param.NewOpt(true)
	if q.completionTokens {
		p.MaxCompletionTokens = param.NewOpt(int64(t.maxTokens))
	} else {
		p.MaxTokens = param.NewOpt(int64(t.maxTokens))
	}
	switch {
	case t.form == nil:
	case q.promptOnly:
		p.Messages = askForJSON(messages, string(t.form.schema))
	default:
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{JSONSchema: jsonSchema(q, t.form)}
	}
	return p
}

func jsonSchema(q quirks, f *form) shared.ResponseFormatJSONSchemaJSONSchemaParam {
	s := shared.ResponseFormatJSONSchemaJSONSchemaParam{Name: f.name, Schema: f.schema}
	if q.noStringBounds {
		s.Schema = withoutKeywords(f.schema, "minLength", "maxLength")
	}
	if q.strict {
		s.Strict = param.NewOpt(true)
	}
	return s
}

// askForJSON adds to the first turn what response_format would express. The caller's
// messages stay as they are.
func askForJSON(messages []openai.ChatCompletionMessageParamUnion, schema string) []openai.ChatCompletionMessageParamUnion {
	prompt, ok := messages[0].GetContent().AsAny().(*string)
	if !ok {
		return messages
	}
	out := slices.Clone(messages)
	out[0] = openai.UserMessage(*prompt + "\n\nAnswer with one JSON object and nothing else: no code fence, no words around it." +
		" It must satisfy this JSON schema, with its properties in this order:\n" + schema)
	return out
}
