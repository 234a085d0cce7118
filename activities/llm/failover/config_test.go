package failover_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
)

func TestParseEndpoints(t *testing.T) {
	t.Parallel()
	got, err := failover.ParseEndpoints([]byte(` [
		{"name": "gpu-1", "base_url": "http://10.0.0.1:8000/v1", "model": "google/gemma-3-27b-it", "dialect": "vllm"},
		{"name": "google", "base_url": "https://example.com/v1beta/openai/", "model": "gemma-3-27b-it", "api_key": "sk-1", "dialect": "hosted-gemma"},
		{"name": "own", "base_url": "http://127.0.0.1:8080/v1", "model": "gemma-3-1b-it"}
	] `))
	require.NoError(t, err)
	require.Equal(t, []failover.EndpointConfig{
		{Name: "gpu-1", BaseURL: "http://10.0.0.1:8000/v1", Model: "google/gemma-3-27b-it", Dialect: llm.VLLM},
		{Name: "google", BaseURL: "https://example.com/v1beta/openai/", Model: "gemma-3-27b-it", APIKey: "sk-1", Dialect: llm.Hosted},
		{Name: "own", BaseURL: "http://127.0.0.1:8080/v1", Model: "gemma-3-1b-it", Dialect: llm.Engine},
	}, got)
}

func TestParseEndpointsIsStrictAndSilentAboutContent(t *testing.T) {
	t.Parallel()
	one := func(fields string) string {
		return `[{"name":"a","base_url":"http://h/v1","model":"m","api_key":"sk-secret"` + fields + `}]`
	}
	for text, want := range map[string]string{
		``:                                   "ends too early",
		`sk-secret`:                          "no valid JSON at byte 1",
		`{"name":"sk-secret"}`:               "another type",
		`null`:                               "there are 0",
		`[]`:                                 "there are 0",
		`["sk-secret"]`:                      "endpoint 1: it is of another type",
		one(``) + `]`:                        "more after byte",
		one(``) + one(``):                    "more after byte",
		one(`,"sk-secret":1`):                "unknown field",
		one(`,"model":["sk-secret"]`):        "model must be a text",
		one(`,"api_key":12345678`):           "api_key must be a text",
		one(`,"api_key":"sk-secret\n"`):      "cannot be sent",
		one(`,"name":""`):                    "name must be",
		one(`,"name":"Sk-Secret"`):           "name must be",
		one(`,"model":" sk-secret"`):         "model must be",
		one(`,"model":""`):                   "model must be",
		one(`,"dialect":"sk-secret"`):        "no such dialect; there are engine, hosted-gemma, llama-server, ollama, openai, vllm",
		one(`,"base_url":"sk-secret"`):       "base_url must be",
		one(`,"base_url":"ftp://sk-secret"`): "base_url must be",
		one(`,"base_url":"http://u:sk-secret@h/v1"`):           "no user",
		one(`,"base_url":"http://h/v1?key=sk-secret"`):         "no user, query",
		one(`,"base_url":"http://h/%zz"`):                      "base_url must be",
		one(`},{"name":"a","base_url":"http://h","model":"m"`): "endpoint 2: has the name of endpoint 1",
		"[" + strings.Repeat(`{},`, 16) + `{}]`:                "there are 17, wanted are 1 to 16",
	} {
		_, err := failover.ParseEndpoints([]byte(text))
		require.ErrorContains(t, err, want, text)
		for _, part := range []string{"secret", "Secret", "12345678"} {
			require.NotContains(t, err.Error(), part)
		}
	}
}

func TestEndpointConfigNeverPrintsItsKey(t *testing.T) {
	t.Parallel()
	e := failover.EndpointConfig{Name: "a", BaseURL: "http://h/v1", Model: "m", APIKey: "sk-secret", Dialect: llm.VLLM}
	var log logBuffer
	log.log().Info("x", "endpoint", e, "list", []failover.EndpointConfig{e})
	for _, text := range []string{e.String(), fmt.Sprintf("%v %+v %#v %s", e, e, e, &e), fmt.Sprint([]failover.EndpointConfig{e}), log.String()} {
		require.NotContains(t, text, "sk-secret")
		require.Contains(t, text, "http://h/v1")
	}
}

func FuzzParseEndpoints(f *testing.F) {
	f.Add([]byte(`[{"name":"a","base_url":"http://h/v1","model":"m","api_key":"k","dialect":"vllm"}]`))
	f.Add([]byte(`[{"name":"a"}] x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		list, err := failover.ParseEndpoints(data)
		require.Equal(t, err == nil, len(list) > 0)
	})
}
