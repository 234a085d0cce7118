package llm

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/openai/openai-go/v3"
)

// Heartbeat is called from the goroutine that made the call: for each piece of text, and at
// least every 250 ms while the call waits for the server. tokens is an estimate of what
// has arrived so far in the whole call and never falls. It may be nil.
type Heartbeat func(tokens int)

// Session is what a caller gives a conversation that may end early and be had again. It is for one
// conversation at a time. nil, and each nil field, is one without.
type Session struct {
	Heartbeat Heartbeat
	// Answers are those that the conversation has had, by question: they are judged as if they had just
	// come, and no server is asked for them. New ones are added.
	Answers map[string]Answer
	// Keep is called, from the goroutine that made the call, with each complete answer of a server before it
	// is judged, whether it will do or not.
	Keep func(ctx context.Context, question string, a Answer)
}

// Answer is one complete answer of a server. Finish is the server's reason for the end, or one of
// ours: "repetition" and "too long" for streams that were abandoned early.
type Answer struct {
	Text         string  `json:"text"`
	Finish       string  `json:"finish"`
	InputTokens  int     `json:"input_tokens"` // by the server's count, 0 if it gave none
	OutputTokens int     `json:"output_tokens"`
	Seconds      float64 `json:"seconds"`
	// Charged is an answer that is in an earlier Usage: it costs nothing more.
	Charged bool `json:"-"`
}

func (s *Session) heartbeat() Heartbeat {
	if s == nil {
		return nil
	}
	return s.Heartbeat
}

func (s *Session) find(question string) (Answer, bool) {
	if s == nil {
		return Answer{}, false
	}
	a, found := s.Answers[question]
	return a, found
}

func (s *Session) keep(ctx context.Context, question string, a Answer) {
	if s == nil {
		return
	}
	if s.Keep != nil {
		s.Keep(ctx, question, a)
	}
	if s.Answers != nil {
		a.Charged = true // by this call, which another endpoint may continue
		s.Answers[question] = a
	}
}

// questionOf identifies what is asked: the turns and the form of the answer. Which server is asked, and in
// which dialect, makes no difference: another endpoint goes on where one left off.
func questionOf(t task, messages []openai.ChatCompletionMessageParamUnion) string {
	var turns []string // the user's and the model's, by turns
	for _, m := range messages {
		if text, ok := m.GetContent().AsAny().(*string); ok {
			turns = append(turns, *text)
		}
	}
	var schema []byte
	if t.form != nil {
		schema = t.form.schema
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q", turns, schema))
	return hex.EncodeToString(sum[:])
}
