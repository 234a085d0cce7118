package gemma_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/gemmatest"
)

var sampleSchema = json.RawMessage(`{"type":"object","additionalProperties":false,"required":["why","place"],"properties":{"why":{"type":"string","maxLength":80},"place":{"type":"string","minLength":1,"maxLength":40},"maxLength":{"type":"integer","minimum":1,"maximum":9}}}`)

// models is what each stand-in's request.json and models.http speak of, and who that
// server says has the model.
var models = map[gemma.Dialect]struct{ model, provider string }{
	gemma.Engine:      {"gemma-3-1b-it", "lyo"},
	gemma.LlamaServer: {"gemma-3-1b-it", "llamacpp"},
	gemma.VLLM:        {"google/gemma-3-27b-it", "vllm"},
	gemma.Ollama:      {"gemma3", "library"},
	gemma.OpenAI:      {"gemma-large", "acme"},
	gemma.Hosted:      {"gemma-3-27b-it", "google"},
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

			text, usage, err := gemma.AskSample(long(t), c, samplePrompt, sampleSchema, accept)
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
			if d != gemma.Hosted {
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
		_, _, err := gemma.AskSample(long(t), s.client(t, m.model), samplePrompt, nil, accept)
		require.NoError(t, err)
		require.NotContains(t, s.seen()[0].body, "json_schema")
		require.Contains(t, s.seen()[0].body, `"content":"`+samplePrompt+`"`)
	}
}

func TestDialectsFailAsDocumented(t *testing.T) {
	t.Parallel()
	const noFit = "do not fit its context"
	for _, c := range []struct {
		dialect gemma.Dialect
		answer  string
		kind    gemma.Kind
		note    string
		after   time.Duration
	}{
		{gemma.Engine, "full", gemma.Overloaded, "429", 5 * time.Second},
		{gemma.Engine, "stopping", gemma.Unavailable, "503", 5 * time.Second},
		{gemma.Engine, "context", gemma.Misconfigured, noFit, 0},
		{gemma.Engine, "failed-within", gemma.Unavailable, "within the stream", 0},
		{gemma.LlamaServer, "loading", gemma.Unavailable, "loading its model", 0},
		{gemma.LlamaServer, "context", gemma.Misconfigured, noFit, 0},
		{gemma.LlamaServer, "context-older", gemma.Misconfigured, noFit, 0},
		{gemma.LlamaServer, "context-as-200", gemma.Misconfigured, noFit, 0},
		{gemma.LlamaServer, "context-within", gemma.Misconfigured, noFit, 0},
		{gemma.LlamaServer, "key", gemma.Misconfigured, "401", 0},
		{gemma.LlamaServer, "failed-within", gemma.Unavailable, "within the stream", 0},
		{gemma.LlamaServer, "failed-within-older", gemma.Unavailable, "ended before", 0},
		{gemma.VLLM, "context", gemma.Misconfigured, noFit, 0},
		{gemma.VLLM, "context-older", gemma.Misconfigured, noFit, 0},
		{gemma.VLLM, "context-within-older", gemma.Misconfigured, noFit, 0},
		{gemma.VLLM, "no-model", gemma.Misconfigured, "404", 0},
		{gemma.VLLM, "dead", gemma.Unavailable, "500", 0},
		{gemma.VLLM, "proxy", gemma.Unavailable, "502", 0},
		{gemma.VLLM, "failed-within", gemma.Unavailable, "within the stream", 0},
		{gemma.VLLM, "refused-within", gemma.Misconfigured, "within the stream", 0},
		{gemma.Ollama, "no-model", gemma.Misconfigured, "404", 0},
		{gemma.Ollama, "full", gemma.Overloaded, "queue is full", 0},
		{gemma.Ollama, "full-plain", gemma.Overloaded, "queue is full", 0},
		{gemma.Ollama, "runner", gemma.Unavailable, "500 Internal Server Error", 0},
		{gemma.Ollama, "failed-within", gemma.Unavailable, "ended before", 0},
		{gemma.OpenAI, "quota", gemma.Misconfigured, "no quota left", 0},
		{gemma.OpenAI, "rate", gemma.Overloaded, "429", 1500 * time.Millisecond},
		{gemma.OpenAI, "context", gemma.Misconfigured, noFit, 0},
		{gemma.OpenAI, "key", gemma.Misconfigured, "401", 0},
		{gemma.OpenAI, "slow-down", gemma.Unavailable, "503", 9 * time.Second},
		{gemma.OpenAI, "failed-within", gemma.Unavailable, "within the stream", 0},
		{gemma.OpenAI, "rate-within", gemma.Overloaded, "within the stream", 0},
		{gemma.Hosted, "system", gemma.Misconfigured, "refuses system messages", 0},
		{gemma.Hosted, "json-mode", gemma.Misconfigured, "hosted-gemma", 0},
		{gemma.Hosted, "key", gemma.Misconfigured, "400", 0},
		{gemma.Hosted, "context", gemma.Misconfigured, noFit, 0},
		{gemma.Hosted, "rate", gemma.Overloaded, "429", 27500 * time.Millisecond},
		{gemma.Hosted, "overloaded", gemma.Unavailable, "503", 0},
		{gemma.Hosted, "failed-within", gemma.Unavailable, "within the stream", 0},
	} {
		t.Run(string(c.dialect)+"/"+c.answer, func(t *testing.T) {
			t.Parallel()
			s := newStandIn(t, c.dialect, c.answer)
			_, _, err := gemma.AskSample(long(t), s.client(t, models[c.dialect].model), samplePrompt, sampleSchema, accept)
			var e *gemma.Error
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
	s := newStandIn(t, gemma.OpenAI, "answer-with-comments")
	text, _, err := gemma.AskSample(long(t), s.client(t, "gemma-large"), samplePrompt, sampleSchema, accept)
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(text)))

	// A server that sends nothing but comments has fallen silent all the same.
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
	_, _, err = gemma.AskSample(long(t), s.client(t, "gemma-large", impatient), samplePrompt, nil, accept)
	require.Equal(t, gemma.Unavailable, gemma.KindOf(err))
	require.Contains(t, err.Error(), "fell silent")
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
	s := &standIn{t: t, dialect: gemma.VLLM, url: server.URL}
	c := s.client(t, "gemma", func(o *gemma.Options) { o.ProbeTimeout = 20 * time.Millisecond })
	_, _, err := gemma.AskSample(long(t), c, samplePrompt, nil, accept)
	var e *gemma.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, gemma.Overloaded, e.Kind)
	require.Equal(t, 3*time.Second, e.RetryAfter)
}

func TestRepairThatNoLongerFitsIsABadAnswer(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, gemma.VLLM, "answer", "context")
	refuse := func(string) (string, []string) { return "", []string{"it is wrong"} }
	_, usage, err := gemma.AskSample(long(t), s.client(t, models[gemma.VLLM].model), samplePrompt, sampleSchema, refuse)
	require.Equal(t, gemma.BadAnswer, gemma.KindOf(err))
	require.Positive(t, usage.OutputTokens)
	require.Len(t, s.seen(), 2)
}

func TestRepairInPromptOnlyDialectKeepsTheSchema(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, gemma.Hosted, "answer")
	turn := 0
	_, _, err := gemma.AskSample(long(t), s.client(t, models[gemma.Hosted].model), samplePrompt, sampleSchema, func(text string) (string, []string) {
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
		dialect gemma.Dialect
		model   string
		served  bool
	}{
		{gemma.Ollama, "gemma3:latest", true},
		{gemma.Ollama, "gemma3:27b", false},
		{gemma.Ollama, "models/gemma3", false},
		{gemma.Hosted, "models/gemma-3-27b-it", true},
		{gemma.Hosted, "gemma-3-4b-it", false},
		{gemma.LlamaServer, "whatever", true},
		{gemma.VLLM, "gemma-3-27b-it", false},
		{gemma.Engine, "gemma-3-1b-it:latest", false},
	} {
		_, err := newStandIn(t, c.dialect).client(t, c.model).Probe(long(t))
		require.Equal(t, c.served, err == nil, "%s %s: %v", c.dialect, c.model, err)
		if !c.served {
			require.Equal(t, gemma.Misconfigured, gemma.KindOf(err))
		}
	}
}

func TestUnknownDialect(t *testing.T) {
	t.Parallel()
	s := gemmatest.New(t)
	_, err := client(t, s, func(o *gemma.Options) { o.Dialect = "klingon" }).Probe(long(t))
	require.Equal(t, gemma.Misconfigured, gemma.KindOf(err))
	_, err = gemma.ParseDialect("klingon")
	require.ErrorContains(t, err, "engine, hosted-gemma, llama-server, ollama, openai, vllm")
	d, err := gemma.ParseDialect("")
	require.NoError(t, err)
	require.Equal(t, gemma.Engine, d)
}

func TestKeywordsAreLeftOutInOrder(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		`{"b":{"maxLength":3,"a":1},"maxLength":{"type":"x"},"c":[{"maxLength":-1},true,null,1.50]}`: `{"b":{"a":1},"maxLength":{"type":"x"},"c":[{},true,null,1.50]}`,
		`{}`: `{}`, `{"a":`: `{"a":`,
	} {
		require.Equal(t, want, string(gemma.WithoutKeywords(json.RawMessage(in), "maxLength")))
	}
}

func TestEventsUnderAWrongContentType(t *testing.T) {
	t.Parallel()
	s := newStandIn(t, gemma.Ollama, "answer-as-json")
	text, _, err := gemma.AskSample(long(t), s.client(t, "gemma3"), samplePrompt, sampleSchema, accept)
	require.NoError(t, err)
	require.True(t, json.Valid([]byte(text)))
}
