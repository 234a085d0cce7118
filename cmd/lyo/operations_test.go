package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/payload"
)

const payloadKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

func TestTheSettingsAreChecked(t *testing.T) {
	t.Parallel()
	out, err := runLyo(t, nil, "config", "check")
	require.NoError(t, err)
	require.Contains(t, out, "good for development")
	_, err = runLyo(t, []string{"LYO_HTTP_PORT=0", "LYO_TRACE_SHARE=2", "LYO_WORKER_VERSIONING=maybe", "LYO_METRICS_PORT=-1"}, "config", "check")
	for _, name := range []string{"LYO_HTTP_PORT", "LYO_TRACE_SHARE", "LYO_WORKER_VERSIONING", "LYO_METRICS_PORT"} {
		require.ErrorContains(t, err, name)
	}
	_, err = runLyo(t, []string{"LYO_PAYLOAD_KEYS=one:c2hvcnQ=", "LYO_GEMMA_ENDPOINTS=[{]"}, "config", "check")
	require.ErrorContains(t, err, "LYO_PAYLOAD_KEYS")
	require.NotContains(t, err.Error(), "c2hvcnQ=")
	out, err = runLyo(t, []string{"LYO_PAYLOAD_KEYS=one:" + payloadKey}, "config", "show")
	require.NoError(t, err)
	require.Contains(t, out, "LYO_PAYLOAD_KEYS=[redacted]\n")
}

// TestBadSettingsOfProductionEndEveryService checks that one run reports all of them, including
// those that only a component can judge. The check fails, so that a pipeline stops.
func TestBadSettingsOfProductionEndEveryService(t *testing.T) {
	t.Parallel()
	environ := []string{
		"LYO_ENV=production", "DATABASE_URL=postgres://lyo:hunter2@db.example.com/lyo", "REDIS_URL=redis://r", "LYO_PUBLIC_URL=http://lyo.example.com",
		"LYO_APP_URL=http://app.example.com", "LYO_TRUSTED_PROXIES=0.0.0.0/1,128.0.0.0/1", "LYO_BCRYPT_COST=4", "LYO_RESET_TTL=8760h", "LYO_CURSOR_KEY=changeme",
		"LYO_PROFILES=on", "LYO_JWT_KEY=no key", "LYO_PAYLOAD_KEYS=one:c2hvcnQ=", "LYO_HTTP_PORT=many",
	}
	for _, command := range [][]string{{"config", "check"}, {"api"}, {"worker"}, {"serve"}} {
		_, err := runLyo(t, environ, command...)
		for _, name := range []string{
			"DATABASE_URL", "LYO_PUBLIC_URL", "LYO_APP_URL", "LYO_TRUSTED_PROXIES", "LYO_BCRYPT_COST", "LYO_RESET_TTL", "LYO_CURSOR_KEY", "LYO_PROFILES",
			"LYO_JWT_KEY", "LYO_PAYLOAD_KEYS", "LYO_HTTP_PORT", "LYO_SMTP_URL", "LYO_MAIL_FROM",
		} {
			require.ErrorContains(t, err, name, command)
		}
		require.NotContains(t, err.Error(), "hunter2")
	}
}

// TestTemporalComesFromAProfile configures a cluster or Temporal Cloud by the SDK's own settings.
func TestTemporalComesFromAProfile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "temporal.toml")
	require.NoError(t, os.WriteFile(file, []byte("[profile.cloud]\naddress = \"lyo.a1b2c.tmprl.cloud:7233\"\nnamespace = \"lyo.a1b2c\"\napi_key = \"k\"\n"), 0o600))
	profile := []string{"TEMPORAL_CONFIG_FILE=" + file, "TEMPORAL_PROFILE=cloud"}
	out, err := runLyo(t, profile, "config", "show")
	require.NoError(t, err)
	require.Contains(t, out, "TEMPORAL_ADDRESS=lyo.a1b2c.tmprl.cloud:7233\nTEMPORAL_NAMESPACE=lyo.a1b2c\n")
	out, err = runLyo(t, append(profile, "TEMPORAL_ADDRESS=here:7233"), "config", "show")
	require.NoError(t, err)
	require.Contains(t, out, "TEMPORAL_ADDRESS=here:7233\n", "the environment goes before the profile")
}

func TestTheConfigurationReferenceIsCurrent(t *testing.T) {
	t.Parallel()
	var made bytes.Buffer
	require.NoError(t, config.Reference(&made))
	for _, key := range config.Keys() {
		require.Contains(t, made.String(), "| `"+key.Name+"` |")
	}
	kept, err := os.ReadFile("../../docs/configuration.md")
	require.NoError(t, err)
	require.Equal(t, made.String(), string(kept), "run make reference")
}

func TestTheDocumentIsPrintedByAProgramThatServesNothing(t *testing.T) {
	t.Parallel()
	out, err := runLyo(t, nil, "openapi")
	require.NoError(t, err)
	var document struct {
		OpenAPI string         `json:"openapi"`
		Paths   map[string]any `json:"paths"`
	}
	require.NoError(t, json.Unmarshal([]byte(out), &document))
	require.Equal(t, "3.1.0", document.OpenAPI)
	require.Contains(t, document.Paths, "/v1/courses/generate")
	again, err := runLyo(t, []string{"LYO_PUBLIC_URL=https://example.com"}, "openapi")
	require.NoError(t, err)
	require.Equal(t, out, again, "it is the version's, not the place's")
}

func TestVersionAndCompletion(t *testing.T) {
	t.Parallel()
	out, err := runLyo(t, nil, "version", "--json")
	require.NoError(t, err)
	var r release
	require.NoError(t, json.Unmarshal([]byte(out), &r))
	require.Positive(t, r.Schema)
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		out, err := runLyo(t, nil, "completion", shell)
		require.NoError(t, err)
		require.Contains(t, out, "lyo")
	}
}

func TestOperatorsCommandsNeedADatabase(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, args := range [][]string{{"task", "list"}, {"generate", "How tides work"}, {"task", "show", store.NewID().String()}} {
		_, err := runLyo(t, []string{"LYO_STATE_DIR=" + dir}, args...)
		require.ErrorContains(t, err, "DATABASE_URL is not set")
	}
	_, err := runLyo(t, nil, "task", "show", "7")
	require.ErrorContains(t, err, "no task's id")
}

// TestTheCodecEndpoint calls it like the UI: from a browser, with its own origin.
func TestTheCodecEndpoint(t *testing.T) {
	t.Parallel()
	cfg, _, err := config.Load([]string{"LYO_PAYLOAD_KEYS=one:" + payloadKey, "LYO_CODEC_TOKEN=let-me-read", "LYO_CODEC_ORIGINS=http://ui.test"})
	require.NoError(t, err)
	handler, err := codecHandler(cfg)
	require.NoError(t, err)
	keys, err := payload.ParseKeys(cfg.Payload.Keys.Reveal())
	require.NoError(t, err)
	hidden, err := keys.Encode([]*common.Payload{{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"tides"`)}})
	require.NoError(t, err)
	body, err := protojson.Marshal(&common.Payloads{Payloads: hidden})
	require.NoError(t, err)
	ask := func(method, origin, token string) *httptest.ResponseRecorder {
		request := httptest.NewRequestWithContext(t.Context(), method, "/decode", bytes.NewReader(body))
		request.Header.Set("Origin", origin)
		request.Header.Set("Content-Type", "application/json")
		if method == http.MethodOptions {
			request.Header.Set("Access-Control-Request-Method", "POST")
			request.Header.Set("Access-Control-Request-Headers", "authorization,content-type,x-namespace")
		}
		if token != "" {
			request.Header.Set("Authorization", "Bearer "+token)
		}
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		return answer
	}
	preflight := ask(http.MethodOptions, "http://ui.test", "")
	require.Equal(t, "http://ui.test", preflight.Header().Get("Access-Control-Allow-Origin"))
	require.Empty(t, ask(http.MethodOptions, "http://evil.test", "").Header().Get("Access-Control-Allow-Origin"))
	require.Equal(t, http.StatusUnauthorized, ask(http.MethodPost, "http://ui.test", "").Code)
	require.Equal(t, http.StatusForbidden, ask(http.MethodPost, "http://evil.test", "let-me-read").Code)
	answer := ask(http.MethodPost, "http://ui.test", "let-me-read")
	require.Equal(t, http.StatusOK, answer.Code)
	var shown common.Payloads
	require.NoError(t, protojson.Unmarshal(answer.Body.Bytes(), &shown))
	require.Equal(t, `"tides"`, string(shown.GetPayloads()[0].GetData()))

	_, err = codecHandler(config.Config{Payload: config.Payload{CodecHost: "127.0.0.1"}})
	require.ErrorContains(t, err, "LYO_PAYLOAD_KEYS")
	cfg.Payload.CodecHost, cfg.Payload.CodecToken = "0.0.0.0", ""
	_, err = codecHandler(cfg)
	require.ErrorContains(t, err, "LYO_CODEC_TOKEN")
}

func TestACourseAsMarkdown(t *testing.T) {
	t.Parallel()
	lesson, link := store.NewID(), "https://example.com/tides"
	var out strings.Builder
	require.NoError(t, writeMarkdown(&out, courses.Course{
		Title: "Tides", Summary: "Why the sea rises.", Generation: courses.Generation{Fallback: true},
		Lessons: []courses.Lesson{{ID: lesson, Title: "The moon", Content: "It pulls."}},
		Items: []courses.Item{
			{LessonID: lesson, Title: "Read on", SourceURL: &link},
			{LessonID: lesson, Title: "Quiz", Quiz: []courses.QuizQuestion{{Prompt: "What pulls?", Options: []string{"The sun", "The moon"}, Answer: 1, Explanation: "It is near."}}},
		},
	}))
	require.Equal(t, "# Tides\n\nWhy the sea rises.\n\n*Written without a model.*\n\n## 1. The moon\n\nIt pulls.\n\n- [Read on](https://example.com/tides) \n\n"+
		"### Quiz\n\n1. What pulls?\n   a) The sun\n   b) The moon\n\n## Answers\n\n- Lesson 1, question 1: b. It is near.\n", out.String())
}
