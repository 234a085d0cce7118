package llm_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

const vectorModel = "embeddinggemma-300m"

func embedder(t *testing.T, change ...func(*llm.Options)) (*llmtest.Server, *llm.Client) {
	s := llmtest.New(t, llmtest.WithEmbeddings(vectorModel), llmtest.WithAPIKey(secret))
	return s, client(t, s, append([]func(*llm.Options){func(o *llm.Options) { o.Model = vectorModel }}, change...)...)
}

func TestEmbed(t *testing.T) {
	t.Parallel()
	s, c := embedder(t)
	vectors, err := c.Embed(long(t), []string{"the sea rises", "rises the sea", "cells divide"})
	require.NoError(t, err)
	require.Len(t, vectors, 3)
	require.Equal(t, vectors[0], vectors[1])
	require.NotEqual(t, vectors[0], vectors[2])
	require.Equal(t, "task: sentence similarity | query: the sea rises", s.Embedded()[0])

	none, err := c.Embed(long(t), nil)
	require.NoError(t, err)
	require.Empty(t, none)
	require.Equal(t, 1, s.Count(llmtest.Embeddings))

	info, err := c.Probe(long(t))
	require.NoError(t, err)
	require.Equal(t, vectorModel, info.Model)
}

func TestOtherModelsForEmbeddingsGetNoPrompt(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.WithEmbeddings("nomic-embed"))
	_, err := client(t, s, func(o *llm.Options) { o.Model = "nomic-embed" }).Embed(long(t), []string{"the sea"})
	require.NoError(t, err)
	require.Equal(t, []string{"the sea"}, s.Embedded())
}

// list returns an answer with vectors as they are given.
func list(vectors ...string) string {
	var data []string
	for i, v := range vectors {
		data = append(data, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":%s}`, i, v))
	}
	return `{"object":"list","data":[` + strings.Join(data, ",") + `]}`
}

func TestVectorsThatAreRefused(t *testing.T) {
	t.Parallel()
	base64s, err := json.Marshal(base64.StdEncoding.EncodeToString(make([]byte, 8)))
	require.NoError(t, err)
	for name, body := range map[string]string{
		"one too few":        list("[1,2]"),
		"one too many":       list("[1]", "[1]", "[1]"),
		"of two lengths":     list("[1,2]", "[1]"),
		"empty":              list("[]", "[]"),
		"zero":               list("[0,0]", "[1,0]"),
		"beyond 32 bits":     list("[1e39,0]", "[1,0]"),
		"too long":           list("[1"+strings.Repeat(",1", 8192)+"]", "[1"+strings.Repeat(",1", 8192)+"]"),
		"one twice":          strings.Replace(list("[1]", "[1]"), `"index":1`, `"index":0`, 1),
		"of no text":         strings.Replace(list("[1]", "[1]"), `"index":1`, `"index":2`, 1),
		"of a negative text": strings.Replace(list("[1]", "[1]"), `"index":1`, `"index":-1`, 1),
		"base64":             list(string(base64s), string(base64s)),
		"no list":            `{"object":"list"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, c := embedder(t)
			s.On(llmtest.Embeddings, 0, llmtest.Text(body))
			_, err := c.Embed(long(t), []string{"a", "b"})
			require.Error(t, err)
			require.Equal(t, llm.BadAnswer, llm.KindOf(err), "%v", err)
		})
	}
}

func TestFailuresOfEmbeddings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault  llmtest.Fault
		change func(*llm.Options)
		kind   llm.Kind
	}{
		"500":           {llmtest.Status(500), nil, llm.Unavailable},
		"429":           {llmtest.TooMany(time.Second), nil, llm.Overloaded},
		"400":           {llmtest.Status(400), nil, llm.Misconfigured},
		"no JSON":       {llmtest.Text(`{"data":[{]`), nil, llm.Misconfigured},
		"silence":       {llmtest.Hold(), func(o *llm.Options) { o.EmbedTimeout = 50 * time.Millisecond }, llm.Unavailable},
		"a huge answer": {llmtest.Text(strings.Repeat(" ", 5000)), func(o *llm.Options) { o.MaxResponseBytes = 1000 }, llm.BadAnswer},
		"another model": {nil, func(o *llm.Options) { o.Model = "other" }, llm.Misconfigured},
		"another key":   {nil, func(o *llm.Options) { o.APIKey = "wrong" }, llm.Misconfigured},
		"no base URL":   {nil, func(o *llm.Options) { o.BaseURL = "x" }, llm.Misconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := []func(*llm.Options){func(*llm.Options) {}}
			if c.change != nil {
				change[0] = c.change
			}
			s, e := embedder(t, change...)
			if c.fault != nil {
				s.On(llmtest.Embeddings, 0, c.fault)
			}
			_, err := e.Embed(long(t), []string{"a"})
			require.Error(t, err)
			require.Equal(t, c.kind, llm.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), secret)
		})
	}
}

func TestTextsThatAreNotSent(t *testing.T) {
	t.Parallel()
	s, c := embedder(t)
	for _, texts := range [][]string{{""}, {"a", " \n"}, {strings.Repeat("x", llm.MaxEmbedBytes+1)}, make([]string, llm.MaxEmbedTexts+1)} {
		_, err := c.Embed(long(t), texts)
		require.Equal(t, llm.Misconfigured, llm.KindOf(err))
	}
	require.Zero(t, s.Count(llmtest.Embeddings))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.Embed(ctx, []string{"a"})
	require.ErrorIs(t, err, context.Canceled)
}

// TestTheStandInSpeaksBothFormats checks the bytes that other clients would read.
func TestTheStandInSpeaksBothFormats(t *testing.T) {
	t.Parallel()
	s := llmtest.New(t, llmtest.WithEmbeddings("v"))
	body := func(format string) string {
		res, err := http.Post(s.BaseURL()+"/embeddings", "application/json", strings.NewReader(`{"model":"v","input":["a"],"encoding_format":"`+format+`"}`))
		require.NoError(t, err)
		defer res.Body.Close()
		var answer struct {
			Data []struct {
				Embedding any `json:"embedding"`
			} `json:"data"`
		}
		require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
		require.Len(t, answer.Data, 1)
		return fmt.Sprintf("%T", answer.Data[0].Embedding)
	}
	require.Equal(t, "[]interface {}", body("float"))
	require.Equal(t, "string", body("base64"))
}
