package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/shirou/gopsutil/v4/mem"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/engine"
	"github.com/lyoapp/lyo/engine/gbnf"
	"github.com/lyoapp/lyo/engine/llama"
)

func engineCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "engine", Short: "Serve the model over an OpenAI-compatible API", Args: cobra.NoArgs,
		Long: "Serves one GGUF file, LYO_ENGINE_MODEL_FILE or the weights that LYO_MODEL names, over an OpenAI-compatible API.\n" +
			"The weights are loaded on first use and let go after LYO_ENGINE_IDLE_UNLOAD without any.",
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
	weights atomic.Pointer[weights] // the latest result of findWeights
}

// weights describes the file to serve.
type weights struct {
	path, version string
	size          int64 // bytes; 0: any
	verified      bool  // its digest was checked when it was downloaded
}

func newModelServer(cfg config.Config, log *slog.Logger, out io.Writer) *modelServer {
	slots, threads := shareOut(cfg.Engine, runtime.NumCPU())
	m := &modelServer{cfg: cfg, log: log, out: out, slots: slots, threads: threads}
	m.weights.Store(&weights{})
	return m
}

// ready searches for the weights again, so that a file or lock that was added since is found.
// The engine calls it only while no model is loaded.
func (m *modelServer) ready() error {
	w, err := findWeights(m.cfg)
	if err != nil {
		return fmt.Errorf("no model file is known: %w", err)
	}
	m.weights.Store(&w)
	return w.ready()
}

func (m *modelServer) about() engine.About {
	w := m.weights.Load()
	return engine.About{Version: w.version, Size: w.size, Verified: w.verified}
}

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

// findWeights returns the file to serve, which may not exist yet.
func findWeights(cfg config.Config) (weights, error) {
	if path := cfg.Engine.ModelFile; path != "" {
		w := weights{path: path, version: filepath.Base(path)}
		if info, err := os.Stat(path); err == nil {
			w.size = info.Size()
		}
		return w, nil
	}
	locks, err := artifact.Load(cfg.Artifact.Lock, cfg.Artifact.Dir)
	if err != nil {
		return weights{}, err
	}
	entry, err := locks.Find(cfg.Artifact.Name)
	if err != nil || !entry.Locked() {
		return weights{}, err
	}
	path := artifact.New(artifact.Options{Dir: cfg.Artifact.Dir}).Path(entry)
	return weights{path: path, version: entry.SHA256[:12], size: entry.Size, verified: true}, nil
}

// ready reports why the weights cannot be loaded, in words for clients. An artifact is moved into
// place only after its digest was verified, so checking the size is enough.
func (w weights) ready() error {
	info, err := os.Stat(w.path)
	switch {
	case w.path == "" || errors.Is(err, os.ErrNotExist):
		return errors.New("model file missing: fetch it with lyo model pull, or name one in LYO_ENGINE_MODEL_FILE")
	case err != nil || !info.Mode().IsRegular():
		return errors.New("model file unreadable: see what LYO_ENGINE_MODEL_FILE or LYO_MODEL names")
	case w.verified && info.Size() != w.size:
		return errors.New("model file damaged: it has the wrong size; fetch it again with lyo model pull")
	}
	return nil
}

func (m *modelServer) server() *engine.Server {
	e := m.cfg.Engine
	return engine.New(engine.Options{
		ModelName: e.ModelName, Load: m.load, Ready: m.ready, About: m.about,
		Need:      func() (int64, error) { return llama.Estimate(m.weights.Load().path, e.Context, m.slots) },
		Available: freeMemory,
		Grammar:   gbnf.FromSchema,
		APIKey:    m.cfg.Engine.APIKey.Reveal(),
		Slots:     m.slots, Queue: e.Queue, IdleUnload: e.IdleUnload,
		Now: clock, Log: m.log,
	})
}

func freeMemory() (uint64, error) {
	memory, err := mem.VirtualMemory()
	if err != nil {
		return 0, err
	}
	return memory.Available, nil
}

// load loads the weights. It downloads llama.cpp's libraries unless their path is configured.
func (m *modelServer) load(ctx context.Context) (engine.Runner, error) {
	dir := m.cfg.Engine.LibDir
	if dir == "" {
		var err error
		if dir, err = llama.FetchLibraries(ctx, filepath.Join(m.cfg.StateDir, "llama"), m.out); err != nil {
			return nil, err
		}
	}
	model, err := llama.Load(llama.Options{
		LibDir: dir, Path: m.weights.Load().path, Context: m.cfg.Engine.Context, Slots: m.slots, Threads: m.threads,
	})
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
	if err := m.ready(); err != nil {
		m.log.WarnContext(ctx, "requests will be refused", "reason", err)
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
