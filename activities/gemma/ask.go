package gemma

import (
	"context"
	"errors"
	"strings"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"
)

// task is one thing asked of the model. Without a form the answer is Markdown.
type task struct {
	prompt      string
	form        *form
	maxTokens   int
	temperature float64
}

// ask holds the conversation of a task: its prompt and, if read finds problems with the
// answer, one repair turn that names them. A second refusal is a BadAnswer.
func ask[T any](ctx context.Context, c *Client, t task, beat Beat, read func(string) (T, []string)) (T, Usage, error) {
	var none T
	if c.broken != nil {
		return none, Usage{}, c.broken
	}
	m := c.newMeter(beat)
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage(t.prompt)}
	var problems []string
	for range 2 {
		a, err := c.stream(ctx, c.params(t, messages), m.beatFor())
		m.add(a, messages)
		if err != nil {
			return none, m.usage(), failure(ctx, err)
		}
		var value T
		if value, problems = judge(a, read); len(problems) == 0 {
			return value, m.usage(), nil
		}
		messages = append(messages, openai.AssistantMessage(excerpt(a.text)), openai.UserMessage(c.repair(t, problems)))
	}
	return none, m.usage(), refused(problems)
}

// judge looks at how the answer ended before it looks at what it says.
func judge[T any](a answer, read func(string) (T, []string)) (T, []string) {
	var none T
	switch {
	case a.finish == "repetition":
		return none, []string{"it repeats itself over and over"}
	case a.finish == "length" || a.finish == "too long":
		return none, []string{"it was cut off because it is too long; be more concise"}
	case a.finish != "stop":
		return none, []string{"it did not end on its own"}
	case strings.TrimSpace(a.text) == "":
		return none, []string{"it is empty"}
	}
	return read(strings.ToValidUTF8(a.text, "\uFFFD"))
}

func (c *Client) params(t task, messages []openai.ChatCompletionMessageParamUnion) openai.ChatCompletionNewParams {
	p := openai.ChatCompletionNewParams{
		Model:       c.o.Model,
		Messages:    messages,
		MaxTokens:   param.NewOpt(int64(t.maxTokens)), // the older name: every server knows it
		Temperature: param.NewOpt(t.temperature),
	}
	p.StreamOptions.IncludeUsage = param.NewOpt(true)
	if t.form != nil && !c.o.PromptOnlyJSON {
		p.ResponseFormat.OfJSONSchema = &shared.ResponseFormatJSONSchemaParam{
			JSONSchema: shared.ResponseFormatJSONSchemaJSONSchemaParam{
				Name: t.form.name, Strict: param.NewOpt(true), Schema: t.form.schema,
			},
		}
	}
	return p
}

// maxEcho bounds what of a refused answer is sent back, to leave room for the repair.
const maxEcho = 6000

// excerpt is never empty: chat templates refuse a turn without text.
func excerpt(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxEcho)], "")
	if strings.TrimSpace(text) == "" {
		return "(no answer)"
	}
	return text
}

func refused(problems []string) *Error {
	const most = 300
	message := "the answer and its repair were refused: " + strings.Join(problems, "; ")
	if len(message) > most {
		message = strings.ToValidUTF8(message[:most], "") + "..."
	}
	return &Error{Kind: BadAnswer, Message: message, Err: errors.New("refused answer")}
}
