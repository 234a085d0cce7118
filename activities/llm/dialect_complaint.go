package llm

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"time"
)

// errContext marks a request that does not fit into the server's context.
var errContext = errors.New("too long for the server's context")

// complaint is a server's error object, in any of the shapes in use. Its message may quote
// the prompt or the key: it is matched, never repeated.
type complaint struct {
	Message string `json:"message"`
	Type    string `json:"type"`
	Status  string `json:"status"` // Google's name of the code
	Code    any    `json:"code"`   // a number or a name
	Details []struct {
		RetryDelay string `json:"retryDelay"`
	} `json:"details"`
}

// readComplaint parses {"error": {...}}, {"error": "..."}, a list of one such, and vLLM's
// older {"object": "error", ...}. It reports whether there was a complaint at all.
func readComplaint(body []byte) (complaint, bool) {
	body = bytes.TrimSpace(body)
	var list []json.RawMessage
	if json.Unmarshal(body, &list) == nil && len(list) > 0 {
		body = list[0]
	}
	var outer struct {
		Error  json.RawMessage `json:"error"`
		Object string          `json:"object"`
	}
	if json.Unmarshal(body, &outer) != nil {
		return complaint{}, false
	}
	if outer.Object == "error" {
		return decodeComplaint(body), true
	}
	if len(outer.Error) == 0 || string(outer.Error) == "null" {
		return complaint{}, false
	}
	return decodeComplaint(outer.Error), true
}

func decodeComplaint(data []byte) complaint {
	var c complaint
	if json.Unmarshal(data, &c.Message) == nil {
		return c
	}
	_ = json.Unmarshal(data, &c) // a field of another type leaves the others filled
	return c
}

// status returns the HTTP status that a complaint within a stream would have had.
func (c complaint) status() int {
	if code, ok := c.Code.(float64); ok && code >= 400 && code < 600 {
		return int(code)
	}
	return http.StatusInternalServerError
}

// delay returns the delay that Google gives in the body instead of in Retry-After.
func (c complaint) delay() time.Duration {
	for _, detail := range c.Details {
		if d, err := time.ParseDuration(detail.RetryDelay); err == nil {
			return min(max(d, 0), maxRetryAfter)
		}
	}
	return 0
}

// sign identifies a complaint whose status is too vague, or wrong.
type sign struct {
	name string // equals the code, the type or the status name, unless empty
	text string // and is part of the message, in lower case
	kind Kind
	note string
	err  error
}

const (
	noFit   = "the prompt and its answer do not fit its context"
	noModel = "it does not serve this model: correct the model's name, or load it there"
	noRoute = "it has no such route: correct the base URL, which usually ends in /v1"
)

// signs are checked in order. Those of all dialects are distinct, so that a server behind
// a proxy, or under the wrong dialect, is understood as well.
var signs = []sign{
	{name: "context_length_exceeded", kind: Misconfigured, note: noFit, err: errContext},                                    // OpenAI, engine, newer vLLM
	{name: "exceed_context_size_error", kind: Misconfigured, note: noFit, err: errContext},                                  // llama-server, older ones with status 500
	{text: "exceeds the available context size", kind: Misconfigured, note: noFit, err: errContext},                         // older llama-server
	{text: "maximum context length", kind: Misconfigured, note: noFit, err: errContext},                                     // vLLM
	{text: "context length is only", kind: Misconfigured, note: noFit, err: errContext},                                     // vLLM from 0.16
	{text: "input token count exceeds", kind: Misconfigured, note: noFit, err: errContext},                                  // Google
	{name: "model_not_found", kind: Misconfigured, note: noModel},                                                           // OpenAI, LM Studio
	{text: "not found, try pulling it first", kind: Misconfigured, note: noModel},                                           // Ollama
	{text: "invalid model name", kind: Misconfigured, note: noModel},                                                        // LiteLLM
	{text: "no models loaded", kind: Misconfigured, note: noModel},                                                          // LM Studio
	{name: "notfounderror", text: "does not exist", kind: Misconfigured, note: noModel},                                     // vLLM
	{name: "insufficient_quota", kind: Misconfigured, note: "the account has no quota left"},                                // OpenAI, as 429
	{text: "developer instruction is not enabled", kind: Misconfigured, note: "it refuses system messages"},                 // Google's Gemma 3
	{text: "json mode is not enabled", kind: Misconfigured, note: "it refuses JSON mode; its dialect is " + string(Hosted)}, // Google's Gemma 3
	{text: "maximum pending requests exceeded", kind: Overloaded, note: "its queue is full"},                                // Ollama, as 503
	{name: "rate_limit_exceeded", kind: Overloaded, note: "its rate limit is reached"},
	{name: "resource_exhausted", kind: Overloaded, note: "its rate limit is reached"},                      // Google
	{name: "unavailable_error", text: "loading model", kind: Unavailable, note: "it is loading its model"}, // llama-server, as 503
}

func (s sign) fits(c complaint) bool {
	return (s.name == "" || s.names(c)) && (s.text == "" || strings.Contains(strings.ToLower(c.Message), s.text))
}

func (s sign) names(c complaint) bool {
	code, _ := c.Code.(string)
	for _, name := range []string{code, c.Type, c.Status} {
		if strings.EqualFold(name, s.name) {
			return true
		}
	}
	return false
}

// toError converts a refusal to an Error. Its message begins with what; the complaint is not quoted.
func (c complaint) toError(status int, what string, retryAfter time.Duration) *Error {
	e := &Error{Kind: kindOfStatus(status), Message: what, RetryAfter: retryAfter}
	if e.RetryAfter == 0 {
		e.RetryAfter = c.delay()
	}
	for _, s := range signs {
		if s.fits(c) {
			e.Kind, e.Message, e.Err = s.kind, what+": "+s.note, s.err
			return e
		}
	}
	if status == http.StatusNotFound || status == http.StatusMethodNotAllowed {
		e.Message = what + ": " + noRoute
	}
	return e
}
