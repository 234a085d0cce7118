package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/deploy/local"
)

// receiver receives traces like a collector, by OTLP over HTTP.
type receiver struct {
	*httptest.Server

	mu    sync.Mutex
	spans map[string]map[string]string // trace id -> name of span -> service
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{spans: map[string]map[string]string{}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, err := io.ReadAll(request.Body)
		var export collector.ExportTraceServiceRequest
		if err != nil || request.URL.Path != "/v1/traces" || request.Header.Get("X-Key") != secretHeader || proto.Unmarshal(body, &export) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		r.take(&export)
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) take(export *collector.ExportTraceServiceRequest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, resource := range export.GetResourceSpans() {
		service := ""
		for _, a := range resource.GetResource().GetAttributes() {
			if a.GetKey() == "service.name" {
				service = a.GetValue().GetStringValue()
			}
		}
		for _, scope := range resource.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				id := fmt.Sprintf("%x", span.GetTraceId())
				if r.spans[id] == nil {
					r.spans[id] = map[string]string{}
				}
				r.spans[id][span.GetName()] = service
			}
		}
	}
}

// traceOf returns the spans of the trace that has one of a name.
func (r *receiver) traceOf(name string) map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, spans := range r.spans {
		if spans[name] != "" {
			return maps.Clone(spans)
		}
	}
	return nil
}

// tape records the output of processes.
type tape struct {
	mu   sync.Mutex
	text bytes.Buffer
	also io.Writer
}

func (t *tape) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(p)
	return t.also.Write(p)
}

func (t *tape) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

const (
	secretHeader = "otlp-header-7f3a91c2d4"
	secretModel  = "model-key-5b0d77e19c"
	secretCursor = "q0R7fQbZ5xkTt1m9u8YJwN3cVhEoLs2A"
	secretKey    = "Qk3lOqvB9yXn4sZp1TgHfW7dJmKcRu0aE5iVtG2bS8Y="
)

// TestOperatorsSeeACourse makes a course with all observability switched on, and
// checks each kind.
func TestOperatorsSeeACourse(t *testing.T) { //nolint:tparallel // its parts look at one system in turn
	t.Parallel()
	traces := newReceiver(t)
	signing, err := auth.Generate()
	require.NoError(t, err)
	s := newSystem(t,
		"LYO_ENV=staging", "LYO_ALLOWED_HOSTS=127.0.0.1", "LYO_JWT_KEY="+signing, "LYO_LOG_LEVEL=debug", "LYO_HTTP_HOST=127.0.0.1", "LYO_CURSOR_KEY="+secretCursor, "LYO_PAYLOAD_KEYS=one:"+secretKey,
		"LYO_GEMMA_API_KEY="+secretModel, "OTEL_EXPORTER_OTLP_ENDPOINT="+traces.URL, "OTEL_EXPORTER_OTLP_HEADERS=X-Key="+secretHeader,
	)
	said := &tape{also: t.Output()}
	s.out = said
	apiPort, workerPort := freePort(t), freePort(t)
	a := s.addAPI(fmt.Sprintf("LYO_METRICS_PORT=%d", apiPort))
	ada := a.register(t, "ada@example.com")

	health := ada.call(http.MethodGet, "/v1/health", nil, http.StatusOK)["components"].(object)["temporal"].(object)
	require.Equal(t, "degraded", health["status"], "nobody works yet")
	s.worker = s.start("worker", 1, fmt.Sprintf("LYO_METRICS_PORT=%d", workerPort))
	require.Eventually(t, func() bool { return statusOf(workerPort, "/ready") == http.StatusOK }, patience, 50*time.Millisecond)
	require.Equal(t, http.StatusOK, statusOf(apiPort, "/ready"))
	require.Equal(t, http.StatusOK, statusOf(apiPort, "/live"))

	s.model.On(llmtest.Outline, 1, llmtest.Hold())
	task, course := ada.generate("How tides work")
	require.NoError(t, s.model.WaitHeld(t.Context(), 1))
	conn := ada.dial(task, "")
	ada.read(conn)
	series := scrape(t, apiPort)
	require.Contains(t, series, "lyo_sockets 1")
	s.model.Release()
	require.Equal(t, "DONE", ada.await(task)["state"])
	require.Equal(t, "READY", ada.course(course)["status"])

	t.Run("metrics", func(t *testing.T) { allThatIsDrawnHasSamples(t, scrape(t, apiPort)+scrape(t, workerPort)) })
	t.Run("trace", func(t *testing.T) { oneTraceFromRequestToModel(t, traces) })
	t.Run("histories", func(t *testing.T) {
		history := s.history(t, "generate-course/"+task)
		require.Contains(t, history, "YmluYXJ5L2VuY3J5cHRlZA==", "binary/encrypted")
		require.NotContains(t, history, "course_id", "inputs are encrypted")
	})
	failed, _, _ := ada.do(http.MethodPost, "/v1/auth/login", object{"email": "ada@example.com", "password": "wrong horse, right stable"})
	require.Equal(t, http.StatusUnauthorized, failed)
	stop(s.worker)
	stop(a.Process)
	t.Run("log", func(t *testing.T) { linesNameWhatTheyAreAbout(t, said.String(), task) })
	t.Run("secrets", func(t *testing.T) {
		for _, secret := range []string{
			secretHeader, secretModel, secretCursor, secretKey, ada.token, "correct horse battery", "wrong horse, right stable", passwordOf(s.database),
		} {
			if len(secret) >= 10 { // a local database may have a word as its password
				require.NotContains(t, said.String(), secret)
			}
		}
	})
}

func freePort(t *testing.T) int {
	t.Helper()
	port, err := local.FreePort()
	require.NoError(t, err)
	return port
}

func statusOf(port int, path string) int {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d%s", port, path))
	if err != nil {
		return 0
	}
	defer answer.Body.Close()
	return answer.StatusCode
}

func scrape(t *testing.T, port int) string {
	t.Helper()
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusOK, answer.StatusCode)
	content, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return string(content)
}

func passwordOf(url string) string {
	found := regexp.MustCompile(`://[^:/@]*:([^@/]+)@`).FindStringSubmatch(url)
	if found == nil {
		return ""
	}
	return found[1]
}

var metricName = regexp.MustCompile(`\b(?:lyo|temporal|process|go)_[a-z_]+`)

// allThatIsDrawnHasSamples checks that each metric of a panel or an alert exists.
func allThatIsDrawnHasSamples(t *testing.T, exposition string) {
	t.Helper()
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	content, err := os.ReadFile("../deploy/grafana/lyo.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &dashboard))
	require.NotEmpty(t, dashboard.Panels)
	names := 0
	check := func(title, expr string) {
		for _, name := range metricName.FindAllString(expr, -1) {
			names++
			require.Regexp(t, `(?m)^`+name+`(\{|\s)`, exposition, "%s: %s has no sample", title, name)
		}
	}
	for _, panel := range dashboard.Panels {
		for _, target := range panel.Targets {
			require.NotEmpty(t, metricName.FindString(target.Expr), panel.Title)
			check(panel.Title, target.Expr)
		}
	}
	alerts, err := os.ReadFile("../deploy/alerts/lyo.yml")
	require.NoError(t, err)
	for line := range strings.SplitSeq(string(alerts), "\n") {
		if expr, ok := strings.CutPrefix(strings.TrimSpace(line), "expr: "); ok {
			check("alert", expr)
		}
	}
	t.Logf("%d references to metrics, all with samples", names)
	require.NotContains(t, exposition, "ada@example.com")
}

func oneTraceFromRequestToModel(t *testing.T, traces *receiver) {
	t.Helper()
	const request = "POST /v1/courses/generate"
	model := regexp.MustCompile(`^(HTTP )?POST$`)
	var names []string
	require.Eventually(t, func() bool {
		names = nil
		called := false
		for name, service := range traces.traceOf(request) {
			called = called || service == "lyo-worker" && model.MatchString(name)
			names = append(names, service+" "+name)
		}
		slices.Sort(names)
		for _, name := range []string{
			"lyo-api " + request, "lyo-api StartWorkflow:GenerateCourse", "lyo-worker RunWorkflow:GenerateCourse", "lyo-worker RunActivity:WriteLessonAndPractice",
		} {
			called = called && slices.Contains(names, name)
		}
		return called
	}, patience, 100*time.Millisecond, "the request, its workflow, its activities and the model's call are no one trace")
	t.Log("spans of one trace:", names)
}

// linesNameWhatTheyAreAbout checks the log: JSON, with the ids of requests, tasks and workflows.
func linesNameWhatTheyAreAbout(t *testing.T, text, task string) {
	t.Helper()
	var asked, started, worked bool
	for line := range strings.SplitSeq(text, "\n") {
		start := strings.Index(line, "{")
		var l object
		if start < 0 || json.Unmarshal([]byte(line[start:]), &l) != nil {
			continue
		}
		asked = asked || l["route"] == "/v1/courses/generate" && l["request_id"] != "" && l["trace_id"] != nil
		started = started || l["msg"] == "workflow started" && l["request_id"] != nil && l["workflow_id"] == "generate-course/"+task
		worked = worked || l["task_id"] == task && l["workflow_id"] == "generate-course/"+task && l["request_id"] == nil
	}
	require.True(t, asked, "the request's line")
	require.True(t, started, "the line that joins request and workflow")
	require.True(t, worked, "an activity's line")
}
