package llmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"
)

// pieceBytes is about the size of a token or two, so that streams have many chunks.
const pieceBytes = 24

// stream sends out as server-sent events; it reports whether all of it was sent.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, req Request, out *reply) bool {
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	e := &events{w: w, flush: http.NewResponseController(w)}
	_ = e.flush.Flush()
	parts := pieces(out.text)
	for i, part := range parts {
		if !s.before(ctx, e, out, i) {
			return false
		}
		e.send(s.envelope("chat.completion.chunk", delta(part, nil)))
	}
	if !s.before(ctx, e, out, len(parts)) {
		return false
	}
	s.finish(e, req, out, len(parts))
	return e.err == nil
}

// before applies a fault's action before chunk i; it reports whether to go on.
func (s *Server) before(ctx context.Context, e *events, out *reply, i int) bool {
	if i == out.cutAfter {
		if out.errorEvent {
			e.send(map[string]any{"error": map[string]any{"message": "internal error", "code": 500}})
		}
		panic(http.ErrAbortHandler)
	}
	if i == out.stallAfter && !s.park(ctx, func(st *State) *int { return &st.Stalled }) {
		return false
	}
	return s.pause(ctx, out.delay) && e.err == nil
}

func (s *Server) pause(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}

func (s *Server) finish(e *events, req Request, out *reply, count int) {
	if out.finish != "" {
		e.send(s.envelope("chat.completion.chunk", delta("", out.finish)))
	}
	if req.Usage && !out.noUsage {
		last := s.envelope("chat.completion.chunk")
		last["usage"] = usageOf(req, count)
		e.send(last)
	}
	if !out.unended {
		e.write("data: [DONE]\n\n")
	}
}

func delta(content string, finish any) map[string]any {
	return map[string]any{"index": 0, "finish_reason": finish, "delta": map[string]any{"content": content}}
}

// events writes server-sent events and keeps the first failure.
type events struct {
	w     http.ResponseWriter
	flush *http.ResponseController
	err   error
}

func (e *events) send(body any) {
	data, err := json.Marshal(body)
	if err != nil {
		e.err = err
		return
	}
	e.write("data: " + string(data) + "\n\n")
}

func (e *events) write(text string) {
	if e.err != nil {
		return
	}
	if _, e.err = fmt.Fprint(e.w, text); e.err == nil {
		e.err = e.flush.Flush()
	}
}

// pieces splits text into chunks between characters.
func pieces(text string) []string {
	var parts []string
	for len(text) > pieceBytes {
		n := pieceBytes
		for !utf8.RuneStart(text[n]) {
			n--
		}
		parts, text = append(parts, text[:n]), text[n:]
	}
	if text != "" {
		parts = append(parts, text)
	}
	return parts
}
