package llm_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

var sampleSchema = json.RawMessage(`{"type":"object","additionalProperties":false,"required":["why","place"],"properties":{"why":{"type":"string","maxLength":80},"place":{"type":"string","minLength":1,"maxLength":40},"maxLength":{"type":"integer","minimum":1,"maximum":9}}}`)

// models are the names in each fake's request.json and models.http, and the provider, which is
// not the one that the server names in owned_by.
var models = map[llm.Dialect]struct{ model, provider string }{
	llm.Engine:      {"gemma-3-1b-it", "openai-compatible"},
	llm.LlamaServer: {"gemma-3-1b-it", "llama-server"},
	llm.VLLM:        {"google/gemma-3-27b-it", "vllm"},
	llm.Ollama:      {"gemma3", "ollama"},
	llm.OpenAI:      {"gemma-large", "openai"},
	llm.Hosted:      {"gemma-3-27b-it", "hosted-gemma"},
}

func TestDialectsSpeakAsDocumented(t *testing.T) {
	t.Parallel()
	for d, m := range models {
		t.Run(string(d), func(t *testing.T) {
			t.Parallel()
			s := newStandIn(t, d, "answer")
			c := s.client(t, m.model)
			info, err := c.Probe(long(t))
			require.NoError(t, err)
			require.Equal(t, m.provider, info.Provider)

			text, usage, err := llm.AskSample(long(t), c, samplePrompt, sampleSchema, accept)
			require.NoError(t, err)
			require.JSONEq(t, `{"why":"it is hot there","place":"in an oven","maxLength":3}`, unfenced(text))
			require.Equal(t, []int{21, 17}, []int{usage.InputTokens, usage.OutputTokens})

			seen := s.seen()
			require.Len(t, seen, 2)
			require.Equal(t, basePath(d)+"/models", seen[0].path)
			require.Equal(t, basePath(d)+"/chat/completions", seen[1].path)
			require.Equal(t, "Bearer "+secret, seen[1].authorization)
			want := strings.ReplaceAll(fixture(t, d, "request.json"), "{{prompt}}", samplePrompt)
			require.JSONEq(t, want, seen[1].body)
			why, place := strings.Index(seen[1].body, `why\"`), strings.Index(seen[1].body, `place\"`)
			if d != llm.Hosted {
				why, place = strings.LastIndex(seen[1].body, `"why":`), strings.LastIndex(seen[1].body, `"place":`)
			}
			require.True(t, 0 < why && why < place, "the properties keep their order")
		})
	}
}

func TestDialectsAskForPlainTextAlike(t *testing.T) {
	t.Parallel()
	for d, m := range models {
		s := newStandIn(t, d, "answer")
		_, _, err := llm.AskSample(long(t), s.client(t, m.model), samplePrompt, nil, accept)
		require.NoError(t, err)
		require.NotContains(t, s.seen()[0].body, "json_schema")
		require.Contains(t, s.seen()[0].body, `"content":"`+samplePrompt+`"`)
	}
}

const noFit = "do not fit its context"

// documentedFailures are the recorded failures of each server, and what kind of error each is.
var documentedFailures = []struct {
	dialect llm.Dialect
	answer  string
	kind    llm.Kind
	note    string
	after   time.Duration
}{
	{llm.Engine, "full", llm.Overloaded, "429", 5 * time.Second},
	{llm.Engine, "stopping", llm.Unavailable, "503", 5 * time.Second},
	{llm.Engine, "context", llm.Misconfigured, noFit, 0},
	{llm.Engine, "failed-within", llm.Unavailable, "within the stream", 0},
	{llm.LlamaServer, "loading", llm.Unavailable, "loading its model", 0},
	{llm.LlamaServer, "context", llm.Misconfigured, noFit, 0},
	{llm.LlamaServer, "context-older", llm.Misconfigured, noFit, 0},
	{llm.LlamaServer, "context-as-200", llm.Misconfigured, noFit, 0},
	{llm.LlamaServer, "context-within", llm.Misconfigured, noFit, 0},
	{llm.LlamaServer, "key", llm.Misconfigured, "401", 0},
	{llm.LlamaServer, "failed-within", llm.Unavailable, "within the stream", 0},
	{llm.LlamaServer, "failed-within-older", llm.Unavailable, "ended before", 0},
	{llm.VLLM, "context", llm.Misconfigured, noFit, 0},
	{llm.VLLM, "context-older", llm.Misconfigured, noFit, 0},
	{llm.VLLM, "context-within-older", llm.Misconfigured, noFit, 0},
	{llm.VLLM, "no-model", llm.Misconfigured, "404", 0},
	{llm.VLLM, "dead", llm.Unavailable, "500", 0},
	{llm.VLLM, "proxy", llm.Unavailable, "502", 0},
	{llm.VLLM, "failed-within", llm.Unavailable, "within the stream", 0},
	{llm.VLLM, "refused-within", llm.Misconfigured, "within the stream", 0},
	{llm.Ollama, "no-model", llm.Misconfigured, "404", 0},
	{llm.Ollama, "full", llm.Overloaded, "queue is full", 0},
	{llm.Ollama, "full-plain", llm.Overloaded, "queue is full", 0},
	{llm.Ollama, "runner", llm.Unavailable, "500 Internal Server Error", 0},
	{llm.Ollama, "failed-within", llm.Unavailable, "ended before", 0},
	{llm.OpenAI, "quota", llm.Misconfigured, "no quota left", 0},
	{llm.OpenAI, "rate", llm.Overloaded, "429", 1500 * time.Millisecond},
	{llm.OpenAI, "context", llm.Misconfigured, noFit, 0},
	{llm.OpenAI, "key", llm.Misconfigured, "401", 0},
	{llm.OpenAI, "slow-down", llm.Unavailable, "503", 9 * time.Second},
	{llm.OpenAI, "failed-within", llm.Unavailable, "within the stream", 0},
	{llm.OpenAI, "rate-within", llm.Overloaded, "within the stream", 0},
	{llm.Hosted, "system", llm.Misconfigured, "refuses system messages", 0},
	{llm.Hosted, "json-mode", llm.Misconfigured, "hosted-gemma", 0},
	{llm.Hosted, "key", llm.Misconfigured, "400", 0},
	{llm.Hosted, "context", llm.Misconfigured, noFit, 0},
	{llm.Hosted, "rate", llm.Overloaded, "429", 27500 * time.Millisecond},
	{llm.Hosted, "overloaded", llm.Unavailable, "503", 0},
	{llm.Hosted, "failed-within", llm.Unavailable, "within the stream", 0},
}

func TestDialectsFailAsDocumented(t *testing.T) {
	t.Parallel()
	for _, c := range documentedFailures {
		t.Run(string(c.dialect)+"/"+c.answer, func(t *testing.T) {
			t.Parallel()
			s := newStandIn(t, c.dialect, c.answer)
			_, _, err := llm.AskSample(long(t), s.client(t, models[c.dialect].model), samplePrompt, sampleSchema, accept)
			var e *llm.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, c.kind, e.Kind, err)
			require.Contains(t, e.Message, c.note)
			require.Equal(t, c.after, e.RetryAfter)
			require.Len(t, s.seen(), 1, "a failure is never asked again here")
			for x := err; x != nil; x = errors.Unwrap(x) {
				requireNoSecrets(t, x)
			}
		})
	}
}

func TestCommentsKeepNothingWaitingAndSpoilNothing(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, llm.OpenAI, "answer-with-comments")
	text, _, err := llm.AskSample(long(t), s.client(t, "gemma-large"), samplePrompt, sampleSchema, accept)
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(text)))

	// A server that sends only comments is alive, but not for ever.
	endless := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			_, _ = w.Write([]byte(": waiting\n\n"))
			_ = http.NewResponseController(w).Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(endless.Close)
	s.url = endless.URL
	_, _, err = llm.AskSample(long(t), s.client(t, "gemma-large", impatient, func(o *llm.Options) { o.AnswerTimeout = 2 * time.Second }), samplePrompt, nil, accept)
	require.Equal(t, llm.Unavailable, llm.KindOf(err))
	require.Contains(t, err.Error(), "took longer than allowed")
}

func TestRefusalThatNeverEndsIsKnownByItsStatus(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "3")
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = w.Write([]byte(`{"error":`))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(server.Close)
	s := &standIn{t: t, dialect: llm.VLLM, url: server.URL}
	c := s.client(t, "gemma", func(o *llm.Options) { o.ProbeTimeout = 20 * time.Millisecond })
	_, _, err := llm.AskSample(long(t), c, samplePrompt, nil, accept)
	var e *llm.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, llm.Overloaded, e.Kind)
	require.Equal(t, 3*time.Second, e.RetryAfter)
}

func TestRepairThatNoLongerFitsIsABadAnswer(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, llm.VLLM, "answer", "context")
	refuse := func(string) (string, []string) { return "", []string{"it is wrong"} }
	_, usage, err := llm.AskSample(long(t), s.client(t, models[llm.VLLM].model), samplePrompt, sampleSchema, refuse)
	require.Equal(t, llm.BadAnswer, llm.KindOf(err))
	require.Positive(t, usage.OutputTokens)
	require.Len(t, s.seen(), 2)
}

func TestRepairInPromptOnlyDialectKeepsTheSchema(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, llm.Hosted, "answer")
	turn := 0
	_, _, err := llm.AskSample(long(t), s.client(t, models[llm.Hosted].model), samplePrompt, sampleSchema, func(text string) (string, []string) {
		if turn++; turn == 1 {
			return "", []string{"it is wrong"}
		}
		return text, nil
	})
	require.NoError(t, err)
	for _, r := range s.seen() {
		require.Equal(t, 1, strings.Count(r.body, "additionalProperties"))
		require.NotContains(t, r.body, `"system"`)
	}
}

func TestNamesOfModels(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		dialect llm.Dialect
		model   string
		served  bool
	}{
		{llm.Ollama, "gemma3:latest", true},
		{llm.Ollama, "gemma3:27b", false},
		{llm.Ollama, "models/gemma3", false},
		{llm.Hosted, "models/gemma-3-27b-it", true},
		{llm.Hosted, "gemma-3-4b-it", false},
		{llm.LlamaServer, "whatever", true},
		{llm.VLLM, "gemma-3-27b-it", false},
		{llm.Engine, "gemma-3-1b-it:latest", false},
	} {
		_, err := newStandIn(t, c.dialect).client(t, c.model).Probe(long(t))
		require.Equal(t, c.served, err == nil, "%s %s: %v", c.dialect, c.model, err)
		if !c.served {
			require.Equal(t, llm.Misconfigured, llm.KindOf(err))
		}
	}
}

func TestUnknownDialect(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t)
	_, err := client(t, s, func(o *llm.Options) { o.Dialect = "klingon" }).Probe(long(t))
	require.Equal(t, llm.Misconfigured, llm.KindOf(err))
	_, err = llm.ParseDialect("klingon")
	require.ErrorContains(t, err, "engine, hosted-gemma, llama-server, ollama, openai, vllm")
	d, err := llm.ParseDialect("")
	require.NoError(t, err)
	require.Equal(t, llm.Engine, d)
}

func TestKeywordsAreLeftOutInOrder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"b":{"maxLength":3,"a":1},"maxLength":{"type":"x"},"c":[{"maxLength":-1},true,null,1.50]}`: `{"b":{"a":1},"maxLength":{"type":"x"},"c":[{},true,null,1.50]}`,
		`{}`: `{}`, `{"a":`: `{"a":`,
	} {
		require.Equal(t, want, string(llm.WithoutKeywords(json.RawMessage(in), "maxLength")))
	}
}

func TestEventsUnderAWrongContentType(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, llm.Ollama, "answer-as-json")
	text, _, err := llm.AskSample(long(t), s.client(t, "gemma3"), samplePrompt, sampleSchema, accept)
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(text)))
}
