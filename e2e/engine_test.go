package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/engine"
	"github.com/lyoapp/lyo/engine/llama"
	"github.com/lyoapp/lyo/engine/tinygguf"
	"github.com/lyoapp/lyo/models/quality"
)

// libraries downloads llama.cpp's libraries once for all tests.
var libraries = sync.OnceValues(func() (string, error) {
	if dir := os.Getenv("LYO_LLAMA_LIB"); dir != "" {
		return dir, nil
	}
	state := os.Getenv("TEST_STATE_DIR")
	if state == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return "", err
		}
		state = filepath.Join(cache, "lyo-test")
	}
	return llama.FetchLibraries(context.Background(), filepath.Join(state, "llama"), os.Stderr)
})

// brain is a lyo engine of a test's own, with a tiny model.
type brain struct {
	*local.Process
	t       *testing.T
	base    string
	environ []string
}

func newBrain(t *testing.T, o tinygguf.Options, extra ...string) *brain {
	t.Helper()
	lib, err := libraries()
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "tiny.gguf")
	require.NoError(t, tinygguf.Write(file, o))
	port, err := local.FreePort()
	require.NoError(t, err)
	b := &brain{t: t, base: fmt.Sprintf("http://127.0.0.1:%d", port), environ: append([]string{
		"PATH=" + os.Getenv("PATH"), "LYO_STATE_DIR=" + t.TempDir(), "LYO_ENGINE_PORT=" + strconv.Itoa(port), "LYO_LLAMA_LIB=" + lib,
		"LYO_ENGINE_MODEL_FILE=" + file, "LYO_ENGINE_SLOTS=2", "LYO_ENGINE_THREADS=1", "LYO_GEMMA_MODEL=tiny",
	}, extra...)}
	b.start()
	return b
}

func (b *brain) start() {
	b.t.Helper()
	var err error
	b.Process, err = local.Start(local.Spec{Name: "engine", Path: lyo, Args: []string{"engine"}, Env: b.environ, Out: b.t.Output()})
	require.NoError(b.t, err)
	b.t.Cleanup(func() { stop(b.Process) })
	ctx, cancel := context.WithTimeout(b.t.Context(), patience)
	defer cancel()
	require.NoError(b.t, local.AwaitReady(ctx, b.Process, func(ctx context.Context) error {
		_, err := b.health(ctx)
		return err
	}))
}

func (b *brain) health(ctx context.Context) (h engine.Health, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, b.base+"/health", nil)
	if err != nil {
		return h, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return h, err
	}
	defer answer.Body.Close()
	return h, json.NewDecoder(answer.Body).Decode(&h)
}

// await polls the engine's health until it is as wanted.
func (b *brain) await(wanted func(engine.Health) bool, within time.Duration) {
	b.t.Helper()
	require.Eventually(b.t, func() bool {
		h, err := b.health(b.t.Context())
		return err == nil && wanted(h)
	}, within, 5*time.Millisecond)
}

// brainy returns a system whose model server is a brain.
func brainy(t *testing.T, b *brain, extra ...string) (*system, *learner) {
	t.Helper()
	s := newSystem(t, append([]string{"LYO_GEMMA_BASE_URL=" + b.base + "/v1", "LYO_GEMMA_MODEL=tiny", "LYO_GEMMA_STALL_AFTER=20s"}, extra...)...)
	a := s.addAPI()
	s.startWorker()
	return s, a.register(t, "ada@example.com")
}

// TestTwentyCoursesByLlamaCpp generates courses with llama.cpp and a tiny random
// model: gibberish, of which only the structure is checked.
func TestTwentyCoursesByLlamaCpp(t *testing.T) {
	t.Parallel()
	twentyCourses(t, tinygguf.Options{})
}

func TestTwentyCoursesByGemma4(t *testing.T) {
	t.Parallel()
	twentyCourses(t, tinygguf.Options{Gemma4: true})
}

func twentyCourses(t *testing.T, shape tinygguf.Options) {
	t.Helper()
	b := newBrain(t, shape)
	_, ada := brainy(t, b, "LYO_COURSES_AT_ONCE=4", "LYO_GEMMA_PARALLEL=2")
	const courses = 20 // every answer has a seed of its own
	tasks, ids := make([]string, courses), make([]string, courses)
	for i := range courses {
		tasks[i], ids[i] = ada.generate(fmt.Sprintf("Topic number %d", i+1))
	}
	for i := range courses {
		require.Equal(t, "DONE", ada.await(tasks[i])["state"], "course %d", i+1)
		course := ada.course(ids[i])
		require.Equal(t, "READY", course["status"])
		lessons := course["lessons"].([]any)
		require.GreaterOrEqual(t, len(lessons), 3)
		for _, l := range lessons {
			require.NotEmpty(t, l.(object)["content"])
			require.NotEmpty(t, l.(object)["items"])
		}
		require.Equal(t, false, course["generation"].(object)["fallback"])
		require.Equal(t, "lyo-engine", course["generation"].(object)["provider"])
	}
	h, err := b.health(t.Context())
	require.NoError(t, err)
	require.Equal(t, 1, h.Loads)
	require.Zero(t, h.SlotsInUse+h.Queue)
}

// TestACourseIsComparedByEmbeddings: the engine serves a second file, and a course asks for its vectors. With
// random weights these mean nothing.
func TestACourseIsComparedByEmbeddings(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "vectors.gguf")
	require.NoError(t, tinygguf.Write(file, tinygguf.Options{Embedding: true}))
	b := newBrain(t, tinygguf.Options{}, "LYO_ENGINE_EMBEDDINGS_MODEL="+file)
	client := llm.New(llm.Options{BaseURL: b.base + "/v1", Model: "vectors"})
	vectors, err := client.Embed(t.Context(), []string{"rivers run to the sea", "a quite different text", "rivers run to the sea"})
	require.NoError(t, err)
	require.Len(t, vectors[0], 64)
	require.InDelta(t, 1, quality.Cosine(vectors[0], vectors[2]), 1e-3)
	require.Less(t, quality.Cosine(vectors[0], vectors[1]), 0.999)
	_, err = client.Probe(t.Context())
	require.NoError(t, err)
	_, err = llm.New(llm.Options{BaseURL: b.base + "/v1", Model: "tiny"}).Embed(t.Context(), []string{"x"})
	require.Equal(t, llm.Misconfigured, llm.KindOf(err))
	h, err := b.health(t.Context())
	require.NoError(t, err)
	require.False(t, h.Loaded, "embeddings do not load what answers chats")
	require.True(t, h.Embeddings.Loaded)

	_, ada := brainy(t, b, "LYO_EMBEDDINGS_MODEL=vectors")
	task, id := ada.generate("Rivers")
	require.Equal(t, "DONE", ada.await(task)["state"])
	require.Equal(t, "READY", ada.course(id)["status"])
	h, err = b.health(t.Context())
	require.NoError(t, err)
	require.Equal(t, [2]int{1, 1}, [2]int{h.Loads, h.Embeddings.Loads})
}

func TestTheEngineDiesInMidStream(t *testing.T) {
	t.Parallel()
	b := newBrain(t, tinygguf.Options{Seed: 7})
	_, ada := brainy(t, b)
	task, course := ada.generate("Power cuts")
	for range 3 {
		b.await(func(h engine.Health) bool { return h.SlotsInUse > 0 }, patience)
		kill(t, b.Process)
		b.start()
	}
	require.Equal(t, "DONE", ada.await(task)["state"])
	require.Equal(t, "READY", ada.course(course)["status"])
}

func TestCancelFreesTheEnginesSlot(t *testing.T) {
	t.Parallel()
	b := newBrain(t, tinygguf.Options{Seed: 3, Endless: true}, "LYO_ENGINE_CONTEXT=32768")
	_, ada := brainy(t, b)
	task, _ := ada.generate("Endless talk")
	require.Eventually(t, func() bool { return ada.task(task)["step"] == "lessons" }, patience, 20*time.Millisecond)
	b.await(func(h engine.Health) bool { return h.SlotsInUse == 2 }, patience)
	asked := time.Now()
	ada.call(http.MethodPost, "/v1/tasks/"+task+"/cancel", nil, http.StatusOK)
	b.await(func(h engine.Health) bool { return h.SlotsInUse == 0 && h.Queue == 0 }, 2*time.Second)
	t.Logf("both slots were free %s after the cancel was asked for", time.Since(asked).Round(time.Millisecond))
	require.Equal(t, "cancelled", ada.await(task)["status"])
}
