package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"
)

// maxBody bounds a request body, in bytes.
const maxBody = 8 << 20

// read decodes the whole body of a request: only then does the standard library notice a
// client that leaves. Unknown fields are ignored, as clients send many.
func (s *Server) read(w http.ResponseWriter, r *http.Request, into any) error {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(s.o.ReadWithin))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return &problem{status: http.StatusRequestEntityTooLarge, message: "the request is larger than 8 MiB", kind: kindInvalid, code: "request_too_large"}
	}
	if err != nil {
		return &problem{status: http.StatusRequestTimeout, message: "the request did not arrive whole and in time", kind: kindInvalid, code: "request_incomplete"}
	}
	_ = control.SetReadDeadline(time.Time{})
	if err := json.Unmarshal(body, into); err != nil {
		return badJSON(err)
	}
	return nil
}

func badJSON(err error) error {
	if p, ok := errors.AsType[*problem](err); ok {
		return p
	}
	if mismatch, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalid(mismatch.Field, "%s must not be a %s", cmp.Or(mismatch.Field, "the request"), mismatch.Value)
	}
	return invalid("", "the request is not valid JSON")
}

// reply writes one JSON response; a client that does not read it in time is cut off.
func (s *Server) reply(w http.ResponseWriter, status int, body any) {
	data, err := json.Marshal(body)
	if err != nil {
		s.o.Log.Error("an answer could not be written as JSON", "error", err)
		status, data = http.StatusInternalServerError, []byte(`{"error":{"message":"the answer could not be written","type":"server_error","code":"internal","param":null}}`)
	}
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(s.o.WriteWithin))
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(data, '\n'))
}

// refuse responds with a problem; any other error is reported as the server's own fault.
func (s *Server) refuse(w http.ResponseWriter, err error) {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		p = errFailed
	}
	if after := p.retryAfterHeader(); after != "" {
		w.Header().Set("Retry-After", after)
	}
	if p.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	s.reply(w, p.status, p.body())
}

// usage counts tokens.
type usage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func usageOf(r ChatResult) *usage {
	return &usage{Prompt: r.InputTokens, Completion: r.OutputTokens, Total: r.InputTokens + r.OutputTokens}
}
