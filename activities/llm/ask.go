package llm

import (
	"context"
	"errors"
	"strings"

	"github.com/openai/openai-go/v3"

	texts "github.com/lyoapp/lyo/models/text"
)

// task is one request to the model. Without a form the answer is Markdown.
type task struct {
	prompt      string
	form        *form
	maxTokens   int
	temperature float64
}

// ask runs a task and, if its answer and the repair are refused, the smaller one if there is
// one. If that is refused too it returns a BadAnswer. Requests are bounded: two for the task,
// one for the smaller one. Failures other than a refused answer are not retried.
func ask[T any](ctx context.Context, c *Client, whole task, smaller *task, session *Session, read reader[T]) (T, Usage, error) {
	var none T
	if c.broken != nil {
		return none, Usage{}, c.broken
	}
	m := c.newMeter(session)
	value, problems, err := converse(ctx, c, whole, m, turns, read)
	if len(problems) > 0 && smaller != nil {
		m.smaller = true
		value, problems, err = converse(ctx, c, *smaller, m, 1, read)
	}
	if err == nil && len(problems) > 0 {
		err = refused(problems)
	}
	return value, m.usage(), err
}

// reader parses the text of an answer to a task, or returns what is wrong with it.
type reader[T any] func(t task, text string) (T, []string)

// turns is the answer and one repair.
const turns = 2

// advised is a value that can be used as it is, and that a repair may improve.
type advised interface{ advice() []string }

// adviceOf returns what a repair should change in an accepted value.
func adviceOf(value any) []string {
	if a, ok := value.(advised); ok {
		return a.advice()
	}
	return nil
}

// converse runs the conversation of a task: its prompt and, if read finds problems with the
// answer, repair turns that name them. It returns the remaining problems. An answer without
// problems is repaired by its advice, and is returned if its repair cannot be used.
func converse[T any](ctx context.Context, c *Client, t task, m *meter, turns int, read reader[T]) (T, []string, error) {
	var usable T
	var have bool
	messages := []openai.ChatCompletionMessageParamUnion{openai.UserMessage(t.prompt)}
	var problems []string
	for turn := range turns {
		a, err := c.answer(ctx, t, messages, m)
		m.add(a, messages, turn > 0)
		switch {
		case err != nil && have && ctx.Err() == nil:
			return usable, nil, nil
		case turn > 0 && errors.Is(err, errContext):
			return usable, append(problems, "its repair does not fit the server's context"), nil
		case err != nil:
			return usable, nil, failure(ctx, err)
		}
		var value T
		value, problems = judge(a, func(text string) (T, []string) { return read(t, text) })
		if len(problems) == 0 {
			usable, have, problems = value, true, adviceOf(value)
		}
		if have && (len(problems) == 0 || turn == turns-1) {
			return usable, nil, nil
		}
		messages = append(messages, openai.AssistantMessage(excerpt(a.Text)), openai.UserMessage(c.repair(t, problems)))
	}
	return usable, problems, nil
}

// answer returns the session's answer to these messages, or asks the server. What it answers is kept at
// once: an answer that is cut short or fails is none.
func (c *Client) answer(ctx context.Context, t task, messages []openai.ChatCompletionMessageParamUnion, m *meter) (Answer, error) {
	heartbeat, question := m.heartbeatFor(), questionOf(t, messages)
	if a, found := m.session.find(question); found {
		if heartbeat != nil {
			heartbeat(tokensIn(len(a.Text)))
		}
		return a, nil
	}
	began := c.o.Now()
	a, err := c.stream(ctx, c.params(t, messages), heartbeat)
	a.Seconds = c.o.Now().Sub(began).Seconds()
	if err == nil {
		m.session.keep(ctx, question, a)
	}
	return a, err
}

// damage is the problem of a text that texts.Damaged finds.
const damage = "it has damaged characters: U+FFFD, or marks stacked on each other"

// judge checks how the answer ended before it reads the text.
func judge[T any](a Answer, read func(string) (T, []string)) (T, []string) {
	var none T
	switch {
	case a.Finish == "repetition":
		return none, []string{"it repeats itself over and over"}
	case a.Finish == "length" || a.Finish == "too long":
		return none, []string{"it was cut off because it is too long; be more concise"}
	case a.Finish != "stop":
		return none, []string{"it did not end on its own"}
	case strings.TrimSpace(a.Text) == "":
		return none, []string{"it is empty"}
	case texts.Damaged(a.Text):
		return none, []string{damage}
	}
	return read(a.Text)
}

// maxEcho bounds how much of a refused answer is sent back, to leave room for the repair.
const maxEcho = 6000

// excerpt never returns an empty text: chat templates refuse a turn without one.
func excerpt(text string) string {
	text = harmless(strings.ToValidUTF8(text[:min(len(text), maxEcho)], ""))
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
