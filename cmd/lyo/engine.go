package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/shirou/gopsutil/v4/mem"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/engine"
	"github.com/lyoapp/lyo/engine/gbnf"
	"github.com/lyoapp/lyo/engine/llama"
)

func engineCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "engine", Short: "Serve the model over an OpenAI-compatible API", Args: cobra.NoArgs,
		Long: "Serves a GGUF file, LYO_ENGINE_MODEL_FILE or the weights that LYO_MODEL names, over an OpenAI-compatible API,\n" +
			"and beside it the one that makes embeddings, if LYO_ENGINE_EMBEDDINGS_MODEL names one.\n" +
			"Weights are loaded on first use and let go after LYO_ENGINE_IDLE_UNLOAD without any.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			return newModelServer(cfg, logger(cfg, cmd.OutOrStdout()), cmd.ErrOrStderr()).run(cmd.Context())
		},
	}
}

// modelServer runs lyo engine.
type modelServer struct {
	cfg     config.Config
	log     *slog.Logger
	out     io.Writer // messages about downloads
	slots   int
	threads int

	chats      *modelFile
	embeddings *modelFile // nil: none
}

func newModelServer(cfg config.Config, log *slog.Logger, out io.Writer) *modelServer {
	slots, threads := shareOut(cfg.Engine, runtime.NumCPU())
	m := &modelServer{cfg: cfg, log: log, out: out, slots: slots, threads: threads}
	m.chats = newModelFile(findWeights, cfg, llama.Options{Context: cfg.Engine.Context, Slots: slots, Threads: threads})
	if cfg.Engine.EmbeddingsModel != "" {
		m.embeddings = newModelFile(findEmbeddings, cfg, llama.Options{
			Context: min(cfg.Engine.Context, embeddingContext), Slots: 1, Threads: threads, Embedding: true,
		})
	}
	return m
}

// embeddingContext is how many tokens of a text become one vector. For each token llama.cpp reserves four
// bytes for each of the vocabulary: half a gigabyte with Gemma's 262144.
const embeddingContext = 512

// shareOut returns the configured slots and threads. By default there is a slot for every fourth
// core, up to four, and all cores but one are divided among the slots: threads of llama.cpp
// busy-wait for each other, so that one too many slows all of them while anything else runs.
func shareOut(e config.Engine, cores int) (slots, threads int) {
	slots, threads = e.Slots, e.Threads
	if slots == 0 {
		slots = min(max(cores/4, 1), 4)
	}
	if threads == 0 {
		threads = max((cores-1)/slots, 1)
	}
	return slots, threads
}

func (m *modelServer) server() *engine.Server {
	e := m.cfg.Engine
	o := engine.Options{
		Model:     m.model(e.ModelName, m.chats),
		Available: freeMemory,
		Grammar:   gbnf.FromSchema,
		APIKey:    e.APIKey.Reveal(),
		Slots:     m.slots, Queue: e.Queue, IdleUnload: e.IdleUnload,
		Now: clock, Log: m.log,
	}
	if m.embeddings != nil {
		embeddings := m.model(embeddingsName(e.EmbeddingsModel), m.embeddings)
		o.Embeddings = &embeddings
	}
	return engine.New(o)
}

func (m *modelServer) model(name string, f *modelFile) engine.Model {
	return engine.Model{
		Name: name, Ready: f.ready, About: f.about, Need: f.need,
		Load: func(ctx context.Context) (engine.Runner, error) { return m.load(ctx, f) },
	}
}

func freeMemory() (uint64, error) {
	memory, err := mem.VirtualMemory()
	if err != nil {
		return 0, err
	}
	return memory.Available, nil
}

// load loads a file. It downloads llama.cpp's libraries unless their path is configured.
func (m *modelServer) load(ctx context.Context, f *modelFile) (engine.Runner, error) {
	dir := m.cfg.Engine.LibDir
	if dir == "" {
		var err error
		if dir, err = llama.FetchLibraries(ctx, filepath.Join(m.cfg.StateDir, "llama"), m.out); err != nil {
			return nil, err
		}
	}
	o := f.options()
	o.LibDir = dir
	model, err := llama.Load(o)
	if err != nil {
		return nil, err
	}
	return llamaRunner{model}, nil
}

// run serves until ctx ends, then lets responses finish within the stop timeout.
func (m *modelServer) run(ctx context.Context) error {
	address := net.JoinHostPort(m.cfg.Engine.Host, strconv.Itoa(m.cfg.Engine.Port))
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	m.log.InfoContext(ctx, "engine is listening", "address", listener.Addr().String(), "model", m.cfg.Engine.ModelName,
		"slots", m.slots, "threads", m.threads)
	if err := m.chats.ready(); err != nil {
		m.log.WarnContext(ctx, "requests will be refused", "reason", err)
	}
	if m.embeddings != nil {
		if err := m.embeddings.ready(); err != nil {
			m.log.WarnContext(ctx, "requests for embeddings will be refused", "reason", err)
		}
	}
	return m.serve(ctx, listener)
}

func (m *modelServer) serve(ctx context.Context, listener net.Listener) error {
	server := m.server()
	web := &http.Server{
		Handler:           server.Handler(),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(m.log.Handler(), slog.LevelWarn),
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := web.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), m.cfg.HTTP.StopWithin)
		defer cancel()
		// Reject new requests first, so that clients of open connections see it.
		err := server.Close(stopping)
		return errors.Join(err, web.Close())
	})
	return group.Wait()
}

// llamaRunner adapts a llama.cpp model to the engine's Runner.
type llamaRunner struct{ model *llama.Model }

// Chat passes the request on.
func (l llamaRunner) Chat(ctx context.Context, r engine.ChatRequest, emit func(string) error) (engine.ChatResult, error) {
	turns := make([]llama.Message, len(r.Messages))
	for i, m := range r.Messages {
		turns[i] = llama.Message{Role: m.Role, Content: m.Content}
	}
	result, err := l.model.Chat(ctx, llama.Request{
		Messages: turns, Grammar: r.Grammar, MaxTokens: r.MaxTokens, Temperature: r.Temperature,
		TopP: r.TopP, TopK: r.TopK, Seed: r.Seed, Stop: r.Stop,
	}, emit)
	return engine.ChatResult{Finish: result.Finish, InputTokens: result.InputTokens, OutputTokens: result.OutputTokens}, inEngineTerms(err)
}

// Embed passes the texts on.
func (l llamaRunner) Embed(ctx context.Context, texts []string) ([][]float32, int, error) {
	vectors, tokens, err := l.model.Embed(ctx, texts)
	return vectors, tokens, inEngineTerms(err)
}

// Close frees the model.
func (l llamaRunner) Close() error { return l.model.Close() }

func inEngineTerms(err error) error {
	switch {
	case errors.Is(err, llama.ErrTooLong):
		return fmt.Errorf("%w: %w", engine.ErrTooLong, err)
	case errors.Is(err, llama.ErrUnsupported):
		return fmt.Errorf("%w: %w", engine.ErrUnsupported, err)
	default:
		return err
	}
}
