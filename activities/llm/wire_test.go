package llm_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
)

// say is an event with a piece of text; how goes into it as it stands.
func say(text, how string) string {
	return fmt.Sprintf("data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":%q}%s}]}\n\n", text, how)
}

const (
	whole = "Bread is baked in an oven."
	done  = "data: [DONE]\n\n"
	stop  = `,"finish_reason":"stop"`
)

// served asks a server that answers with exactly this.
func served(t *testing.T, kind string, status int, body string) (string, llm.Usage, error) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	c := llm.New(llm.Options{BaseURL: server.URL + "/v1", Model: "m", IdleTimeout: 5 * time.Second, HTTPClient: server.Client()})
	return llm.AskSample(long(t), c, samplePrompt, nil, accept)
}

// TestWholeAnswersAreUsedInAnyForm has the forms in which servers and proxies send one whole answer.
func TestWholeAnswersAreUsedInAnyForm(t *testing.T) {
	t.Parallel()
	const events, document = "text/event-stream", "application/json"
	first, second := whole[:11], whole[11:]
	plain := say(first, "") + say(second, stop) + done
	for name, form := range map[string]struct{ kind, body string }{
		"plain":                    {events, plain},
		"CRLF":                     {events, strings.ReplaceAll(plain, "\n", "\r\n")},
		"CR":                       {events, strings.ReplaceAll(plain, "\n", "\r")},
		"byte order mark":          {events, "\uFEFF" + plain},
		"no space after data":      {events, strings.ReplaceAll(plain, "data: ", "data:")},
		"no [DONE]":                {events, say(first, "") + say(second, stop)},
		"no last line end":         {events, say(first, "") + strings.TrimSpace(say(second, stop))},
		"reason null":              {events, say(first, `,"finish_reason":null`) + say(second, `,"finish_reason":null`) + done},
		"reason empty":             {events, say(first, "") + say(second, `,"finish_reason":""`) + done},
		"reason by another name":   {events, say(first, "") + say(second, `,"finish_reason":null,"finishReason":"stop"`)},
		"reason too early":         {events, say("", stop) + plain},
		"counts of 0 in each":      {events, strings.ReplaceAll(plain, "}]}", `}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}`)},
		"no choices at the end":    {events, strings.Replace(plain, "data: [", `data: {"choices":null}`+"\n\ndata: [", 1)},
		"token at the end":         {events, say(whole, "") + say("<|im_end|>", "") + say("", stop) + done},
		"comments, ids and names":  {events, ": wait\n\n:\n\nretry: 5\nid: 1\nevent: message\n" + plain},
		"an event of two lines":    {events, strings.Replace(plain, `:[{"index"`, ":\ndata: [{\"index\"", 1)},
		"usage in its own event":   {events, say(first, "") + say(second, stop) + `data: {"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":5}}` + "\n\n" + done},
		"error is null":            {events, strings.ReplaceAll(plain, `{"choices"`, `{"error":null,"choices"`)},
		"content in parts":         {events, `data: {"choices":[{"delta":{"content":[{"type":"text","text":"` + whole + `"}]},"finish_reason":"stop"}]}` + "\n\n"},
		"one document":             {document, `{"object":"chat.completion","choices":[{"message":{"role":"assistant","content":"` + whole + `"},"finish_reason":"stop"}]}`},
		"a document as events":     {events, "  \n" + `{"choices":[{"message":{"content":"` + whole + `"},"finish_reason":null}]}`},
		"a document in one event":  {events, `data: {"choices":[{"message":{"content":"` + whole + `"}}]}` + "\n\n"},
		"lines of JSON":            {"application/x-ndjson", strings.NewReplacer("data: [DONE]", "", "data: ", "", "\n\n", "\n").Replace(plain)},
		"events named as document": {document, plain},
		"a very long line":         {events, `data: {"choices":[],"pad":"` + strings.Repeat("x", 300_000) + `"}` + "\n\n" + plain},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, usage, err := served(t, form.kind, http.StatusOK, form.body)
			require.NoError(t, err)
			require.Equal(t, whole, text)
			require.Equal(t, 1, usage.Calls)
		})
	}
	for _, reason := range []string{"STOP", "eos", "eos_token", "end_turn", "Stop_Sequence"} {
		text, _, err := served(t, events, http.StatusOK, say(whole, fmt.Sprintf(`,"finish_reason":%q`, reason))+done)
		require.NoError(t, err, reason)
		require.Equal(t, whole, text)
	}
}

func TestACharacterInTwoMessagesIsWhole(t *testing.T) {
	t.Parallel()
	torn := strings.Replace(say("caf@", ""), "@", "\xC3", 1) + strings.Replace(say("@ au lait", stop), "@", "\xA9", 1) + done
	text, _, err := served(t, "text/event-stream", http.StatusOK, torn)
	require.NoError(t, err)
	require.Equal(t, "café au lait", text)
	_, usage, err := served(t, "text/event-stream", http.StatusOK, strings.Replace(say("caf@", stop), "@", "\xC3", 1)+done)
	require.Equal(t, llm.BadAnswer, llm.KindOf(err), "what stays damaged is refused")
	require.Equal(t, 2, usage.Calls, "after one repair")
}

func TestWhatIsNoWholeAnswerIsSaidSo(t *testing.T) {
	t.Parallel()
	const events = "text/event-stream"
	for name, form := range map[string]struct {
		kind   string
		status int
		body   string
		want   llm.Kind
		says   string
	}{
		"cut without a reason": {events, 200, say(whole, ""), llm.Unavailable, "ended before"},
		"cut by length":        {events, 200, say(whole, `,"finish_reason":"max_tokens"`) + done, llm.BadAnswer, "too long"},
		"a page":               {"text/html", 200, "<html>Sign in</html>", llm.Misconfigured, "base URL"},
		"a page called JSON":   {"application/json", 200, "\n<!DOCTYPE html>", llm.Misconfigured, "base URL"},
		"no route":             {"text/plain", 404, "404 page not found", llm.Misconfigured, "/v1"},
		"no method":            {"text/plain", 405, "", llm.Misconfigured, "/v1"},
		"no model, Ollama":     {"application/json", 404, `{"error":{"message":"model \"m\" not found, try pulling it first"}}`, llm.Misconfigured, "model's name"},
		"no model, vLLM":       {"application/json", 404, `{"object":"error","message":"The model m does not exist.","type":"NotFoundError"}`, llm.Misconfigured, "model's name"},
		"no model, LiteLLM":    {"application/json", 400, `{"error":{"message":"Invalid model name passed in model=m"}}`, llm.Misconfigured, "model's name"},
		"an error as document": {"application/json", 200, `{"error":{"message":"boom"}}`, llm.Unavailable, "error"},
		"no JSON":              {events, 200, "data: {\n\n", llm.Unavailable, "not JSON"},
		"nothing":              {events, 200, "", llm.Unavailable, "ended before"},
		"thoughts only":        {events, 200, say("<think>hm", stop) + done, llm.BadAnswer, "empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, err := served(t, form.kind, form.status, form.body)
			require.Equal(t, form.want, llm.KindOf(err), "%v", err)
			require.Contains(t, err.Error(), form.says)
		})
	}
}

func TestCountsAreBelievedWithinBounds(t *testing.T) {
	t.Parallel()
	for counts, want := range map[string]int{
		`5`: 5, `"5"`: 5, `4.2`: 5, `5e0`: 5, `0`: 7, `-3`: 7, `3000000000`: 7, `9e18`: 7, `1e999`: 7, `"many"`: 7, `null`: 7, `{}`: 7, `"NaN"`: 7,
	} {
		body := say(whole, stop) + fmt.Sprintf(`data: {"choices":[],"usage":{"prompt_tokens":%[1]s,"completion_tokens":%[1]s,"total_tokens":%[1]s}}`, counts) + "\n\n" + done
		_, usage, err := served(t, "text/event-stream", http.StatusOK, body)
		require.NoError(t, err, counts)
		require.Equal(t, want, usage.OutputTokens, counts)
		require.Positive(t, usage.InputTokens, counts)
	}
}

// TestThoughtsAndTokensAreRemoved has the marks of the families whose servers leave them in an answer.
func TestThoughtsAndTokensAreRemoved(t *testing.T) {
	t.Parallel()
	for _, sent := range []string{
		"<think>\nOkay, a lesson.\n</think>\n\n@", "<think></think>@", "Okay, a lesson.\n</think>\n@", "<thinking>a</thinking>\n<think>b</think>\n@",
		"<|channel>thought\nLet me plan.\n<channel|>@", "<|channel|>analysis<|message|>Hm.<|end|><|start|>assistant<|channel|>final<|message|>@<|return|>",
		"<start_of_turn>model\n@<end_of_turn>\n<start_of_turn>user\nMore?", "<|turn>model\n@<turn|>", "@<|im_end|>\n<|im_start|>user\nAnd?",
		"<|start_header_id|>assistant<|end_header_id|>\n\n@<|eot_id|>", "<s>@</s>", "<bos>@<eos>", "@<|endoftext|><|endoftext|>", "[THINK]Hm.[/THINK]@", "\uFEFF@\x00",
		"<｜begin▁of▁sentence｜>@<｜end▁of▁sentence｜>",
	} {
		for _, answer := range []string{whole, `{"a":1}`} {
			text, _, err := served(t, "text/event-stream", http.StatusOK, fmt.Sprintf("data: {\"choices\":[{\"delta\":{\"content\":%s},\"finish_reason\":\"stop\"}]}\n\n", asJSON(strings.Replace(sent, "@", answer, 1))))
			require.NoError(t, err, sent)
			require.Equal(t, answer, strings.TrimSpace(text), sent)
		}
	}
	for _, kept := range []string{"Write `<think>` before and `</think>` after a thought.", "a < b and [INST", "<p>One</p>", "Some <s>old</s> text."} {
		text, _, err := served(t, "text/event-stream", http.StatusOK, fmt.Sprintf("data: {\"choices\":[{\"delta\":{\"content\":%s},\"finish_reason\":\"stop\"}]}\n\n", asJSON(kept)))
		require.NoError(t, err)
		require.Equal(t, kept, text)
	}
}

func asJSON(text string) string {
	out, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return string(out)
}
