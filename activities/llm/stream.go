package llm

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/packages/ssestream"
)

// heartbeatEvery keeps a caller's heartbeat alive while a server processes a long prompt.
const heartbeatEvery = 250 * time.Millisecond

// maxTextBytes bounds an answer's text, whatever the token limit.
const maxTextBytes = 256 << 10

// answer is one finished stream. finish is the server's reason, or one of ours:
// "repetition" and "too long" for streams that were abandoned early.
type answer struct {
	text, finish string
	in, out      int // tokens by the server's count, 0 if it gave none
}

// stream sends one request and reads its answer. It returns when the answer is complete,
// the server is silent for too long, or ctx ended; by then the request is closed.
func (c *Client) stream(ctx context.Context, p openai.ChatCompletionNewParams, heartbeat Heartbeat) (answer, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	chunks, done := make(chan openai.ChatCompletionChunk), make(chan error, 1)
	go func() { done <- pump(inner, c.chat.NewStreaming(inner, p), chunks) }()
	r := &reading{heartbeat: heartbeat}
	err := r.run(inner, chunks, done, c.o.StartTimeout, c.o.IdleTimeout, cancel)
	if err == nil && r.finish == "" {
		err = errCut
	}
	return r.answer(), explain(err, len(p.Messages) > 1)
}

// pump forwards chunks until the stream ends or ctx does, and closes the stream.
func pump(ctx context.Context, s *ssestream.Stream[openai.ChatCompletionChunk], out chan<- openai.ChatCompletionChunk) error {
	defer func() { _ = s.Close() }()
	for s.Next() {
		if s.Current().Object == "error" { // older vLLM: an error in place of a chunk
			return &ssestream.StreamError{Event: ssestream.Event{Data: []byte(s.Current().RawJSON())}}
		}
		select {
		case out <- s.Current():
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return s.Err()
}

// reading collects an answer on the caller's goroutine.
type reading struct {
	text      strings.Builder
	finish    string
	in, out   int
	guard     repetition
	heartbeat Heartbeat
}

func (r *reading) run(ctx context.Context, chunks <-chan openai.ChatCompletionChunk, done <-chan error,
	start, idle time.Duration, cancel context.CancelCauseFunc,
) error {
	silence, tick := time.NewTimer(start), time.NewTicker(heartbeatEvery)
	defer silence.Stop()
	defer tick.Stop()
	for {
		select {
		case chunk := <-chunks:
			silence.Reset(idle)
			if r.take(chunk); r.leaves() {
				cancel(nil)
				<-done //nolint:errcheck // cut off on purpose
				return nil
			}
		case <-tick.C:
			r.pulse()
		case <-silence.C:
			cancel(errStalled)
			<-done //nolint:errcheck // cut off on purpose
			return r.stalled()
		case err := <-done:
			return r.end(ctx, err)
		}
	}
}

// end ignores an error after the finish reason: the answer is complete by then.
func (r *reading) end(ctx context.Context, err error) error {
	if r.finish != "" && ctx.Err() == nil && !errors.Is(err, errTooLarge) {
		return nil
	}
	return err
}

// stalled ignores a server that keeps the stream open after a complete answer.
func (r *reading) stalled() error {
	if r.finish != "" {
		return nil
	}
	return errStalled
}

func (r *reading) take(chunk openai.ChatCompletionChunk) {
	if chunk.Usage.TotalTokens > 0 {
		r.in, r.out = int(chunk.Usage.PromptTokens), int(chunk.Usage.CompletionTokens)
	}
	if len(chunk.Choices) == 0 {
		return
	}
	choice := chunk.Choices[0]
	r.text.WriteString(choice.Delta.Content)
	if choice.FinishReason != "" {
		r.finish = choice.FinishReason
	}
	r.pulse()
}

// leaves reports whether to stop reading, and sets finish to the reason.
func (r *reading) leaves() bool {
	switch {
	case r.text.Len() > maxTextBytes:
		r.finish = "too long"
	case r.finish == "" && r.guard.found(r.text.String()):
		r.finish = "repetition"
	default:
		return false
	}
	return true
}

func (r *reading) pulse() {
	if r.heartbeat != nil {
		r.heartbeat(tokensIn(r.text.Len()))
	}
}

func (r *reading) answer() answer {
	return answer{text: r.text.String(), finish: r.finish, in: r.in, out: r.out}
}

// tokensIn estimates tokens from bytes, four to one, rounding up.
func tokensIn(bytes int) int { return (bytes + 3) / 4 }
