package engine

import (
	"cmp"
	"context"
	"crypto/rand"
	"net/http"
	"strings"
	"time"
)

// serveChat answers POST /v1/chat/completions, whole or as a stream.
func (s *Server) serveChat(w http.ResponseWriter, r *http.Request) {
	var in wireChat
	if err := s.read(w, r, &in); err != nil {
		s.refuse(w, err)
		return
	}
	q, err := s.understand(in)
	if err != nil {
		s.refuse(w, err)
		return
	}
	leave, err := s.chats.admit()
	if err != nil {
		s.refuse(w, err)
		return
	}
	defer leave()
	if q.stream {
		s.stream(w, r, q)
		return
	}
	s.whole(w, r, q)
}

// whole responds with one JSON object.
func (s *Server) whole(w http.ResponseWriter, r *http.Request, q query) {
	var text strings.Builder
	result, err := s.chat(r.Context(), q, func(piece string) error {
		text.WriteString(piece)
		return nil
	})
	switch {
	case r.Context().Err() != nil:
		panic(http.ErrAbortHandler) // the client has left
	case err != nil:
		s.refuse(w, err)
	default:
		s.reply(w, http.StatusOK, s.completion(text.String(), result))
	}
}

// chat runs the model once a slot is free.
func (s *Server) chat(ctx context.Context, q query, emit func(string) error) (result ChatResult, err error) {
	started := s.o.Now()
	err = s.work(ctx, s.chats, func(ctx context.Context, runner Runner) error {
		started = s.o.Now()
		result, err = runner.Chat(ctx, q.ChatRequest, emit)
		return err
	})
	result.Finish = cmp.Or(result.Finish, "stop")
	s.o.Log.DebugContext(ctx, "chat", "ok", err == nil, "finish", result.Finish, "input_tokens", result.InputTokens,
		"output_tokens", result.OutputTokens, "took", s.o.Now().Sub(started).Round(time.Millisecond))
	return result, err
}

// completion is a whole response.
type completion struct {
	head

	Choices []choice `json:"choices"`
	Usage   *usage   `json:"usage"`
}

// head has the first fields of a response and of each chunk.
type head struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	Model   string `json:"model"`
}

type choice struct {
	Index    int      `json:"index"`
	Message  *message `json:"message,omitempty"`
	Delta    *delta   `json:"delta,omitempty"`
	Logprobs *string  `json:"logprobs"`
	Finish   *string  `json:"finish_reason"`
}

type message struct {
	Role    string  `json:"role"`
	Content string  `json:"content"`
	Refusal *string `json:"refusal"`
}

func (s *Server) head(object string) head {
	return head{ID: "chatcmpl-" + rand.Text(), Object: object, Created: s.o.Now().Unix(), Model: s.chats.Name}
}

func (s *Server) completion(text string, r ChatResult) completion {
	return completion{
		head:    s.head("chat.completion"),
		Choices: []choice{{Message: &message{Role: "assistant", Content: text}, Finish: &r.Finish}},
		Usage:   usageOf(r),
	}
}
