package e2e_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/engine/tinygguf"
)

// modelServer is a model server of others, with the tiny file.
type modelServer struct {
	dialect llm.Dialect
	model   string
	start   func(t *testing.T, program string, port int, file string)
}

// modelServers are those that deploy/local/model-servers finds or builds, by the name of their program.
var modelServers = map[string]modelServer{
	"ollama":       {llm.Ollama, "tiny", startOllama},
	"llama-server": {llm.LlamaServer, "tiny", startLlamaServer},
}

// gemmaTurns is the template of Gemma 3, for a file that brings none.
const gemmaTurns = `{{- range .Messages }}<start_of_turn>{{ if eq .Role "assistant" }}model{{ else }}user{{ end }}
{{ .Content }}<end_of_turn>
{{ end }}<start_of_turn>model
`

func startOllama(t *testing.T, program string, port int, file string) {
	t.Helper()
	dir, base := t.TempDir(), "127.0.0.1:"+strconv.Itoa(port)
	environ := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "OLLAMA_HOST=" + base, "OLLAMA_MODELS=" + filepath.Join(dir, "models"), "OLLAMA_CONTEXT_LENGTH=8192", "OLLAMA_NUM_PARALLEL=2"}
	startServer(t, local.Spec{Name: "ollama", Path: program, Args: []string{"serve"}, Env: environ, Out: t.Output()}, "http://"+base+"/api/version")
	recipe := filepath.Join(dir, "Modelfile")
	require.NoError(t, os.WriteFile(recipe, []byte("FROM "+file+"\nTEMPLATE \"\"\""+gemmaTurns+"\"\"\"\n"), 0o600))
	create := exec.CommandContext(t.Context(), program, "create", "tiny", "-f", recipe)
	create.Env = environ
	said, err := create.CombinedOutput()
	require.NoError(t, err, "%s", said)
}

func startLlamaServer(t *testing.T, program string, port int, file string) {
	t.Helper()
	startServer(t, local.Spec{
		Name: "llama-server", Path: program, Env: os.Environ(), Out: t.Output(),
		Args: []string{"--model", file, "--alias", "tiny", "--host", "127.0.0.1", "--port", strconv.Itoa(port), "--ctx-size", "16384", "--parallel", "2", "--threads", "1"},
	}, fmt.Sprintf("http://127.0.0.1:%d/health", port))
}

// startServer returns when the server answers at an address.
func startServer(t *testing.T, spec local.Spec, ready string) {
	t.Helper()
	p, err := local.Start(spec)
	require.NoError(t, err)
	t.Cleanup(func() { stop(p) })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	require.NoError(t, local.AwaitReady(ctx, p, answersAt(ready)))
}

// TestModelServersOfOthers generates courses with servers that nobody here wrote, where their programs are on
// PATH, and asks them for what they do not have.
func TestModelServersOfOthers(t *testing.T) {
	t.Parallel()
	for name, server := range modelServers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program, err := exec.LookPath(name)
			if err != nil {
				t.Skipf("no %s on PATH: deploy/local/model-servers looks for it", name)
			}
			file := filepath.Join(t.TempDir(), "tiny.gguf")
			require.NoError(t, tinygguf.Write(file, tinygguf.Options{}))
			port, err := local.FreePort()
			require.NoError(t, err)
			server.start(t, program, port, file)
			server.check(t, fmt.Sprintf("http://127.0.0.1:%d/v1", port))
		})
	}
}

func (m modelServer) check(t *testing.T, base string) {
	t.Helper()
	client := llm.New(llm.Options{BaseURL: base, Model: m.model, Dialect: m.dialect})
	info, err := client.Probe(t.Context())
	require.NoError(t, err)
	t.Logf("the server says of itself: %+v", info)
	_, err = llm.New(llm.Options{BaseURL: base, Model: "absent", Dialect: m.dialect}).Probe(t.Context())
	require.Equal(t, llm.Misconfigured, llm.KindOf(err), "%v", err)
	_, err = llm.New(llm.Options{BaseURL: base + "/none", Model: m.model, Dialect: m.dialect}).Probe(t.Context())
	require.Equal(t, llm.Misconfigured, llm.KindOf(err), "%v", err)

	s := newSystem(t, "LYO_GEMMA_BASE_URL="+base, "LYO_GEMMA_MODEL="+m.model, "LYO_GEMMA_DIALECT="+string(m.dialect), "LYO_COURSES_AT_ONCE=4")
	a := s.addAPI()
	s.startWorker()
	ada := a.register(t, "ada@example.com")
	left, _ := ada.generate("How bread is left")
	ada.call(http.MethodPost, "/v1/tasks/"+left+"/cancel", nil, http.StatusOK)
	const courses = 4
	tasks, ids := make([]string, courses), make([]string, courses)
	for i := range courses {
		tasks[i], ids[i] = ada.generate(fmt.Sprintf("Topic number %d", i+1))
	}
	for i := range courses {
		require.Equal(t, "DONE", ada.await(tasks[i])["state"], "course %d", i+1)
		course := ada.course(ids[i])
		require.Equal(t, "READY", course["status"])
		quizzes := 0
		for _, l := range course["lessons"].([]any) {
			require.NotEmpty(t, l.(object)["content"])
			quizzes += len(l.(object)["items"].([]any)) - 1
		}
		t.Logf("course %d: %d lessons, %d quizzes, %v", i+1, len(course["lessons"].([]any)), quizzes, course["generation"])
	}
	require.Equal(t, "cancelled", ada.await(left)["status"])
}
