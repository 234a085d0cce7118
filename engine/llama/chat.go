package llama

import (
	"context"
	"fmt"
	"math"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// Request is one conversation to continue.
type Request struct {
	Messages    []Message
	Grammar     string  // GBNF with a rule "root"; empty: free text
	MaxTokens   int     // of the answer; 0: as many as fit the context
	Temperature float64 // 0: always the likeliest token
	TopP        float64 // 0: 1
	TopK        int     // 0: off
	Seed        uint32
	Stop        []string // the answer ends before any of these
}

// Result is how an answer ended.
type Result struct {
	Finish                    string // "stop", or "length" at MaxTokens or the end of the context
	InputTokens, OutputTokens int
}

// Chat writes the answer without its thoughts, passing the text to emit in pieces of whole characters, on the
// caller's goroutine. The same request gives the same text on the same machine. An error from
// emit ends the answer and is returned; so is the cause of ctx, which is checked between
// tokens. The errors are ErrTooLong, ErrGrammar, ErrUnsupported, ErrClosed.
func (m *Model) Chat(ctx context.Context, r Request, emit func(text string) error) (Result, error) {
	if m.o.Embedding {
		return Result{}, fmt.Errorf("%w: it is for embeddings", ErrUnsupported)
	}
	s, err := m.acquire(ctx)
	if err != nil {
		return Result{}, err
	}
	defer m.release(s)
	prompt, err := m.prompt(r.Messages)
	if err != nil {
		return Result{}, err
	}
	result := Result{InputTokens: len(prompt)}
	room := m.o.Context - len(prompt)
	if room < 1 {
		return result, fmt.Errorf("%w: %d tokens, and the context holds %d", ErrTooLong, len(prompt), m.o.Context)
	}
	pick, err := newPicker(m.vocab, r)
	if err != nil {
		return result, err
	}
	defer pick.free()
	if err := s.forget(); err != nil {
		return result, err
	}
	if err := s.read(ctx, prompt); err != nil {
		return result, err
	}
	w := writer{m: m, s: s, pick: pick, out: output{stops: r.Stop, emit: emit}, room: limit(r.MaxTokens, room)}
	result.Finish, err = w.write(ctx)
	result.OutputTokens = w.written
	return result, err
}

func limit(wanted, room int) int {
	if wanted <= 0 {
		wanted = math.MaxInt
	}
	return min(wanted, room)
}

// writer writes one answer.
type writer struct {
	m       *Model
	s       *slot
	pick    *picker
	out     output
	room    int
	written int
	thought bool // the model is within one
}

func (w *writer) write(ctx context.Context) (finish string, err error) {
	for w.written < w.room {
		if err := context.Cause(ctx); err != nil {
			return "", err
		}
		token, err := w.pick.next(w.s.ctx)
		if err != nil {
			return "", err
		}
		if token == w.m.markers.end || yzma.VocabIsEOG(w.m.vocab, token) {
			return "stop", w.out.finish()
		}
		w.written++
		if !w.thinks(token) {
			stopped, err := w.out.add(w.m.piece(token))
			if err != nil || stopped {
				return "stop", err
			}
		}
		// The very last token need not be read: nothing follows it.
		if w.written < w.room {
			if err := w.s.decode([]yzma.Token{token}); err != nil {
				return "", err
			}
		}
	}
	return "length", w.out.finish()
}

// thinks reports whether a token belongs to a thought, which is not for the reader.
func (w *writer) thinks(token yzma.Token) bool {
	switch token {
	case w.m.markers.thought:
		w.thought = true
	case w.m.markers.after:
		w.thought = false
	default:
		return w.thought
	}
	return true
}

// piece returns the text of a token, as bytes, since a character may span several tokens.
func (m *Model) piece(token yzma.Token) []byte {
	buf := make([]byte, 64)
	n := yzma.TokenToPiece(m.vocab, token, buf, 0, false)
	if n < 0 {
		buf = make([]byte, -n)
		n = yzma.TokenToPiece(m.vocab, token, buf, 0, false)
	}
	return buf[:max(n, 0)]
}
