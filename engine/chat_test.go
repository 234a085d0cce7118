package engine_test

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/openai/openai-go/v3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/engine"
)

// TestOpenAIClient tests the usual requests with the client that Lyo uses.
func TestOpenAIClient(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say("Bread ", "is ", "fine ✓."), withEmbeddings)
	c := s.openai()

	models, err := c.Models.List(t.Context())
	require.NoError(t, err)
	require.Len(t, models.Data, 2)
	require.Equal(t, "vectors", models.Data[1].ID)
	require.Equal(t, "tiny", models.Data[0].ID)
	require.Equal(t, "lyo-engine", models.Data[0].OwnedBy)
	one, err := c.Models.Get(t.Context(), "tiny")
	require.NoError(t, err)
	require.Equal(t, models.Data[0].ID, one.ID)
	require.Zero(t, s.loads.Load(), "listing loads nothing")

	params := openai.ChatCompletionNewParams{Model: "tiny", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage("bread?")}}
	whole, err := c.Chat.Completions.New(t.Context(), params)
	require.NoError(t, err)
	require.Equal(t, "Bread is fine ✓.", whole.Choices[0].Message.Content)
	require.Equal(t, "stop", whole.Choices[0].FinishReason)
	require.EqualValues(t, 8, whole.Usage.TotalTokens)

	params.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := c.Chat.Completions.NewStreaming(t.Context(), params)
	var sum openai.ChatCompletionAccumulator
	for stream.Next() {
		require.True(t, sum.AddChunk(stream.Current()))
	}
	require.NoError(t, stream.Err())
	require.Equal(t, "Bread is fine ✓.", sum.Choices[0].Message.Content)
	require.EqualValues(t, "assistant", sum.Choices[0].Message.Role)
	require.Equal(t, "stop", sum.Choices[0].FinishReason)
	require.EqualValues(t, 5, sum.Usage.PromptTokens)

	vectors, err := c.Embeddings.New(t.Context(), openai.EmbeddingNewParams{
		Model: "vectors", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}},
	})
	require.NoError(t, err)
	require.Len(t, vectors.Data, 2)
	require.Equal(t, []float64{1, 0.5, -1}, vectors.Data[1].Embedding)
	require.EqualValues(t, 7, vectors.Usage.TotalTokens)
}

// TestStreamOnTheWire checks OpenAI's order of events: the role, the text, the reason,
// the usage if requested, the end.
func TestStreamOnTheWire(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say("a", "b"))
	body := streamed("x")
	body["stream_options"] = map[string]any{"include_usage": true}
	got := s.chat(body)
	require.NoError(t, got.err)
	require.Equal(t, "text/event-stream", got.header.Get("Content-Type"))
	events := strings.Split(strings.TrimSuffix(got.body, "\n\n"), "\n\n")
	require.Len(t, events, 6)
	for i, want := range []string{
		`"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}],"usage":null}`,
		`"choices":[{"index":0,"delta":{"content":"a"},"logprobs":null,"finish_reason":null}],"usage":null}`,
		`"choices":[{"index":0,"delta":{"content":"b"},"logprobs":null,"finish_reason":null}],"usage":null}`,
		`"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}`,
		`"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}`,
		`data: [DONE]`,
	} {
		require.True(t, strings.HasPrefix(events[i], "data: "))
		require.True(t, strings.HasSuffix(events[i], want), events[i])
	}
	require.NotContains(t, s.chat(streamed("x")).body, "usage", "not asked for")
	require.Contains(t, overTCP(t, say()).chat(streamed("x")).body, `"role":"assistant"`, "an empty answer has a role too")
}

// TestRequestReachesTheModel checks that every setting reaches the runner.
func TestRequestReachesTheModel(t *testing.T) {
	t.Parallel()
	var got engine.ChatRequest
	s := overTCP(t, func(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
		got = r
		return say("ok")(ctx, r, emit)
	})
	require.Equal(t, 200, s.chat(ask("hi")).status)
	require.Equal(t, engine.ChatRequest{
		Messages: []engine.Message{{Role: "user", Content: "hi"}}, Temperature: 1, TopP: 0.95, TopK: 64, Seed: 99,
	}, got)

	answer := s.chat(`{"model":"tiny","max_tokens":9,"max_completion_tokens":7,"temperature":0,"top_p":1,"top_k":0,"seed":3,"stop":"END","n":1,"user":"me",
		"response_format":{"type":"json_schema","json_schema":{"name":"x","strict":true,"schema":{"type":"object"}}},
		"messages":[{"role":"system","content":"Be brief."},
			{"role":"user","content":[{"type":"text","text":"one"},{"type":"text","text":" two"}]},
			{"role":"assistant","content":"three"},{"role":"user","content":"four"},{"role":"user","content":"five"},
			{"role":"developer","content":"Be kind."}]}`)
	require.Equal(t, 200, answer.status, answer.body)
	require.Equal(t, engine.ChatRequest{
		Messages: []engine.Message{
			{Role: "system", Content: "Be brief.\n\nBe kind."},
			{Role: "user", Content: "one two"},
			{Role: "assistant", Content: "three"},
			{Role: "user", Content: "four\n\nfive"},
		},
		Grammar: `root ::= {"type":"object"}`, MaxTokens: 7, TopP: 1, Seed: 3, Stop: []string{"END"},
	}, got)
	require.Equal(t, 200, s.chat(`{"model":"tiny","max_tokens":9,"stop":["a","b"],"response_format":{"type":"text"},"messages":[{"role":"user","content":"x"}]}`).status)
	require.Equal(t, 9, got.MaxTokens)
	require.Equal(t, []string{"a", "b"}, got.Stop)
	require.Empty(t, got.Grammar)
}

func TestRefusedRequests(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say("no"), func(o *engine.Options) {
		o.Load = func(context.Context) (engine.Runner, error) { panic("a bad request loads nothing") }
	})
	for name, c := range map[string]struct {
		fields string // replace the valid ones
		status int
		code   string
		says   string
	}{
		"no JSON":              {`{`, 400, "invalid_value", "valid JSON"},
		"two values":           {`{"model":"tiny"}{}`, 400, "invalid_value", "valid JSON"},
		"wrong type":           {`{"model":"tiny","max_tokens":"many"}`, 400, "invalid_value", "max_tokens must not be a string"},
		"no model":             {`{}`, 400, "invalid_value", "model must be given"},
		"unknown model":        {`{"model":"gpt-4"}`, 404, "model_not_found", `"gpt-4" is not served`},
		"several answers":      {`{"model":"tiny","n":2}`, 400, "unsupported_value", "n is not supported"},
		"tools":                {`{"model":"tiny","tools":[{}]}`, 400, "unsupported_value", "tools"},
		"penalty":              {`{"model":"tiny","presence_penalty":0.5}`, 400, "unsupported_value", "presence_penalty"},
		"no tokens":            {`{"model":"tiny","max_tokens":0}`, 400, "invalid_value", "1 or more"},
		"hot":                  {`{"model":"tiny","temperature":3}`, 400, "invalid_value", "temperature"},
		"no mass":              {`{"model":"tiny","top_p":0}`, 400, "invalid_value", "top_p"},
		"empty stop":           {`{"model":"tiny","stop":""}`, 400, "invalid_value", "stop"},
		"many stops":           {`{"model":"tiny","stop":["1","2","3","4","5"]}`, 400, "invalid_value", "at most 4"},
		"stop of another kind": {`{"model":"tiny","stop":7}`, 400, "invalid_value", "string"},
		"no messages":          {`{"model":"tiny"}`, 400, "invalid_value", "begin and end"},
		"only a system":        {`{"model":"tiny","messages":[{"role":"system","content":"x"}]}`, 400, "invalid_value", "begin and end"},
		"assistant first":      {`{"model":"tiny","messages":[{"role":"assistant","content":"x"},{"role":"user","content":"x"}]}`, 400, "invalid_value", "begin and end"},
		"tool message":         {`{"model":"tiny","messages":[{"role":"tool","content":"x"}]}`, 400, "unsupported_value", `"tool"`},
		"picture":              {`{"model":"tiny","messages":[{"role":"user","content":[{"type":"image_url"}]}]}`, 400, "unsupported_value", "image_url"},
		"number for content":   {`{"model":"tiny","messages":[{"role":"user","content":5}]}`, 400, "invalid_value", "content"},
		"JSON, no schema":      {`{"model":"tiny","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_object"}}`, 400, "unsupported_value", "json_object"},
		"no schema":            {`{"model":"tiny","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema"}}`, 400, "invalid_value", "no schema"},
		"unsupported schema":   {`{"model":"tiny","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"schema":{"pattern":"x"}}}}`, 400, "unsupported_value", "pattern is not supported"},
		"too large":            {`{"x":"` + strings.Repeat("x", 8<<20) + `"}`, 413, "request_too_large", "8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := s.chat(c.fields)
			require.Equal(t, c.status, got.status, got.body)
			message, kind, code := got.failure(t)
			require.Contains(t, message, c.says)
			require.Equal(t, "invalid_request_error", kind)
			require.Equal(t, c.code, code)
		})
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say())
	for _, path := range []string{"/", "/v1/completions", "/v1/chat/completions", "/v1/models/other"} {
		got := s.get(path)
		require.Equal(t, 404, got.status, path)
		_, kind, _ := got.failure(t)
		require.Equal(t, "invalid_request_error", kind)
	}
}

func TestEmbeddings(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say(), withEmbeddings)
	embed := func(body string) reply { return read(s.post(t.Context(), "/v1/embeddings", body)) }

	got := embed(`{"model":"vectors","input":"one"}`)
	require.JSONEq(t, `{"object":"list","model":"vectors","data":[{"object":"embedding","index":0,"embedding":[0,0.5,-1]}],"usage":{"prompt_tokens":7,"total_tokens":7}}`, got.body)
	packed := base64.StdEncoding.EncodeToString([]byte{0, 0, 0, 0, 0, 0, 0, 0x3f, 0, 0, 0x80, 0xbf})
	require.Contains(t, embed(`{"model":"vectors","input":["one"],"encoding_format":"base64"}`).body, packed)

	for body, code := range map[string]string{
		`{"model":"vectors","input":"unsupported"}`:                "unsupported_value",
		`{"model":"tiny","input":"x"}`:                             "unsupported_value",
		`{"model":"vectors","input":[]}`:                           "invalid_value",
		`{"model":"vectors","input":[""]}`:                         "invalid_value",
		`{"model":"vectors","input":[1,2]}`:                        "invalid_value",
		`{"model":"vectors","input":"x","dimensions":3}`:           "unsupported_value",
		`{"model":"vectors","input":"x","encoding_format":"int8"}`: "unsupported_value",
	} {
		got := embed(body)
		require.Equal(t, 400, got.status, body)
		_, _, found := got.failure(t)
		require.Equal(t, code, found, body)
	}
	require.Equal(t, 404, embed(`{"model":"other","input":"x"}`).status)
}

// TestEachModelServesItsOwn: neither does the other's work or loads for it, and embeddings do not wait
// behind an answer.
func TestEachModelServesItsOwn(t *testing.T) {
	t.Parallel()
	g := newGate()
	s := overTCP(t, g.chat, withEmbeddings, several(1, 0))
	embed := func(model string) reply {
		return read(s.post(t.Context(), "/v1/embeddings", `{"model":"`+model+`","input":"x"}`))
	}
	got := s.chat(`{"model":"vectors","messages":[{"role":"user","content":"x"}]}`)
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, `the model \"vectors\" cannot serve chats: name \"tiny\"`)
	got = embed("tiny")
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, `the model \"tiny\" cannot serve embeddings: name \"vectors\"`)
	require.Zero(t, s.loads.Load())
	require.Contains(t, s.get("/v1/models/vectors").body, `"id":"vectors"`)

	answer := s.inBackground(t.Context(), ask("slow"))
	<-g.started
	require.Equal(t, 200, embed("vectors").status)
	health := s.health()
	require.Equal(t, [2]int{1, 0}, [2]int{health.SlotsInUse, health.Embeddings.SlotsInUse})
	require.True(t, health.Embeddings.Loaded)
	require.Equal(t, "vectors", health.Embeddings.Model)
	close(g.open)
	require.Equal(t, 200, (<-answer).status)

	without := overTCP(t, say())
	got = read(without.post(t.Context(), "/v1/embeddings", `{"model":"tiny","input":"x"}`))
	require.Equal(t, 400, got.status)
	require.Contains(t, got.body, "no model here can")
	require.Nil(t, without.health().Embeddings)
}

func TestAPIKey(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say("ok"), func(o *engine.Options) { o.APIKey = "key" })
	require.Equal(t, 200, s.get("/health").status)
	for _, path := range []string{"/v1/models", "/v1/models/tiny"} {
		require.Equal(t, 401, s.get(path).status)
	}
	got := s.chat(ask("x"))
	require.Equal(t, 401, got.status)
	_, _, code := got.failure(t)
	require.Equal(t, "invalid_api_key", code)
	require.Zero(t, s.loads.Load())
	c := s.openai()
	_, err := c.Models.List(t.Context())
	require.NoError(t, err)
}

// TestPagesOfOthersAreRefused checks that web pages of other origins cannot use the server.
func TestPagesOfOthersAreRefused(t *testing.T) {
	t.Parallel()
	s := overTCP(t, say("ok"))
	req := s.request(t.Context(), "/v1/chat/completions", ask("x"))
	req.Header.Set("Sec-Fetch-Site", "cross-site")
	got := read(s.http.Do(req))
	require.Equal(t, 403, got.status)
	require.Zero(t, s.loads.Load())
}
