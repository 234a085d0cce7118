package llmtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const maxRequestBytes = 4 << 20

func (s *Server) serveModels(w http.ResponseWriter, r *http.Request) {
	nth := s.countRequest(Models)
	out := &reply{stallAfter: -1, cutAfter: -1}
	s.spoil(Request{Kind: Models, Nth: nth}, out)
	if out.hold && !s.park(r.Context(), func(st *State) *int { return &st.Held }) {
		panic(http.ErrAbortHandler)
	}
	if out.status != 0 {
		writeFault(w, out)
		return
	}
	var list []any
	for _, id := range []string{s.model, s.embeddings} {
		if id != "" {
			list = append(list, map[string]any{"id": id, "object": "model", "created": 1700000000, "owned_by": "llmtest"})
		}
	}
	writeJSON(w, http.StatusOK, map[string]any{"object": "list", "data": list})
}

func (s *Server) countRequest(k Kind) int {
	n := 0
	s.update(func(st *State) { st.Requests[k]++; n = st.Requests[k] })
	return n
}

func (s *Server) serveChat(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequestBytes))
	if err != nil {
		writeError(w, http.StatusBadRequest, "unreadable body")
		return
	}
	req, err := parseRequest(body, r.Header.Get("Authorization"))
	if err != nil {
		writeError(w, http.StatusBadRequest, "body is not a chat request")
		return
	}
	if req.Model != s.model {
		writeError(w, http.StatusNotFound, fmt.Sprintf("The model `%s` does not exist.", req.Model))
		return
	}
	s.admit(&req)
	result := cut // unless answer returns
	defer func() { s.leave(result) }()
	result = s.answer(r.Context(), w, req)
}

// result is how an answer ended.
type result int

const (
	cut  result = iota // by a fault
	left               // by the client, or by Close
	whole
)

func (s *Server) admit(req *Request) {
	const kept = 1000
	s.update(func(st *State) {
		st.Requests[req.Kind]++
		st.Open++
		req.Nth = st.Requests[req.Kind]
		if req.Kind == Lesson {
			st.Lessons[req.Title]++
		}
		if req.Repair {
			st.Repairs++
		}
		s.log = append(s.log[max(0, len(s.log)+1-kept):], *req)
	})
}

func (s *Server) leave(r result) {
	s.update(func(st *State) {
		st.Open--
		switch r {
		case whole:
			st.Done++
		case left:
			st.Closed++
		}
	})
}

func (s *Server) answer(ctx context.Context, w http.ResponseWriter, req Request) result {
	out := &reply{request: req, text: s.compose(req), finish: "stop", stallAfter: -1, cutAfter: -1}
	s.spoil(req, out)
	if out.hold && !s.park(ctx, func(st *State) *int { return &st.Held }) {
		return left
	}
	switch {
	case out.status != 0:
		writeFault(w, out)
	case !req.Stream:
		s.plain(w, req, out)
	case !s.stream(ctx, w, req, out):
		return left
	}
	return whole
}

func (s *Server) plain(w http.ResponseWriter, req Request, out *reply) {
	body := s.envelope("chat.completion", map[string]any{
		"index": 0, "finish_reason": out.finish, "message": map[string]any{"role": "assistant", "content": out.text},
	})
	if !out.noUsage {
		body["usage"] = usageOf(req, len(pieces(out.text)))
	}
	writeJSON(w, http.StatusOK, body)
}

func (s *Server) envelope(object string, choices ...any) map[string]any {
	if choices == nil {
		choices = []any{}
	}
	return map[string]any{"id": "chatcmpl-test", "object": object, "created": time.Now().Unix(), "model": s.model, "choices": choices}
}

func usageOf(req Request, out int) map[string]any {
	in := 0
	for _, m := range req.Messages {
		in += len(m.Content) / 4
	}
	return map[string]any{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}
}

func writeFault(w http.ResponseWriter, out *reply) {
	if out.retryAfter != "" {
		w.Header().Set("Retry-After", out.retryAfter)
	}
	writeError(w, out.status, http.StatusText(out.status))
}

func writeError(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]any{"error": map[string]any{"message": message, "type": "test", "param": nil, "code": status}})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
