package llm

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// heartbeatEvery keeps a caller's heartbeat alive while a server processes a long prompt.
const heartbeatEvery = 250 * time.Millisecond

// maxTextBytes bounds an answer's text, whatever the token limit.
const maxTextBytes = 256 << 10

// stream sends one request and reads its answer. It returns when the answer is complete,
// the server is silent for too long, or ctx ended; by then the request is closed.
func (c *Client) stream(ctx context.Context, p openai.ChatCompletionNewParams, heartbeat Heartbeat) (Answer, error) {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	chunks, life, done := make(chan chunk), make(chan struct{}, 1), make(chan error, 1)
	go func() { done <- c.pump(inner, p, chunks, life) }()
	r := &reading{heartbeat: heartbeat, start: c.o.StartTimeout, idle: c.o.IdleTimeout, total: c.o.AnswerTimeout}
	err := r.run(inner, chunks, life, done, cancel)
	if err == nil && r.finish == "" {
		err = errCut
	}
	return r.answer(), explain(err, len(p.Messages) > 1)
}

// pump sends the request and forwards its chunks until the answer ends or ctx does, and closes it.
// Every part that arrives is a sign of life.
func (c *Client) pump(ctx context.Context, p openai.ChatCompletionNewParams, out chan<- chunk, life chan<- struct{}) error {
	var res *http.Response
	if _, err := c.chat.New(ctx, p, option.WithJSONSet("stream", true), option.WithResponseBodyInto(&res)); err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	m := newMessages(pulsing{res.Body, life})
	for {
		data, err := m.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		got, err := readChunk(data)
		if err != nil {
			return err
		}
		select {
		case out <- got:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if got.ended {
			return nil
		}
	}
}

// pulsing reports each part of a body that arrives.
type pulsing struct {
	io.Reader
	life chan<- struct{}
}

func (p pulsing) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		select {
		case p.life <- struct{}{}:
		default: // one is waiting to be seen
		}
	}
	return n, err
}

// reading collects an answer on the caller's goroutine.
type reading struct {
	text               strings.Builder
	finish             string
	in, out            int
	guard              repetition
	heartbeat          Heartbeat
	start, idle, total time.Duration
}

func (r *reading) run(ctx context.Context, chunks <-chan chunk, life <-chan struct{}, done <-chan error, cancel context.CancelCauseFunc) error {
	silence, end, tick := time.NewTimer(r.start), time.NewTimer(r.total), time.NewTicker(heartbeatEvery)
	defer silence.Stop()
	defer end.Stop()
	defer tick.Stop()
	for {
		select {
		case got := <-chunks:
			if r.take(got); r.leaves() {
				cancel(nil)
				<-done //nolint:errcheck // cut off on purpose
				return nil
			}
		case <-life:
			silence.Reset(r.patience())
		case <-tick.C:
			r.pulse()
		case <-silence.C:
			return r.stop(errStalled, done, cancel)
		case <-end.C:
			return r.stop(errEndless, done, cancel)
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

// patience is how long the server may be silent: less once the answer has begun.
func (r *reading) patience() time.Duration {
	if r.text.Len() == 0 {
		return r.start
	}
	return r.idle
}

// stop ends the request. It ignores a server that keeps the stream open after a complete answer.
func (r *reading) stop(cause error, done <-chan error, cancel context.CancelCauseFunc) error {
	cancel(cause)
	<-done //nolint:errcheck // cut off on purpose
	if r.finish != "" {
		return nil
	}
	return cause
}

func (r *reading) take(c chunk) {
	r.in, r.out = cmp.Or(c.in, r.in), cmp.Or(c.out, r.out)
	r.text.WriteString(c.text)
	r.finish = cmp.Or(c.finish, r.finish)
	if c.ended {
		r.finish = cmp.Or(r.finish, "stop")
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

// sane removes control characters other than line ends and tabs, which break JSON as well.
func sane(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

func (r *reading) answer() Answer {
	return Answer{Text: spoken(sane(unshield(r.text.String()))), Finish: r.finish, InputTokens: r.in, OutputTokens: r.out}
}

// tokensIn estimates tokens from bytes, four to one, rounding up.
func tokensIn(bytes int) int { return (bytes + 3) / 4 }
