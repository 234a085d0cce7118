package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/engine"
	"github.com/lyoapp/lyo/engine/llama"
)

// weights describes a file to serve.
type weights struct {
	path, version string
	size          int64  // bytes; 0: any
	verified      bool   // its digest was checked when it was downloaded
	settings      string // the variables that name it; those of the model that answers chats if empty
}

// modelFile is a file that lyo engine serves.
type modelFile struct {
	find   func(config.Config) (weights, error)
	cfg    config.Config
	o      llama.Options // without the paths
	latest atomic.Pointer[weights]
}

func newModelFile(find func(config.Config) (weights, error), cfg config.Config, o llama.Options) *modelFile {
	f := &modelFile{find: find, cfg: cfg, o: o}
	f.latest.Store(&weights{})
	return f
}

// ready searches for the weights again, so that a file or lock that was added since is found.
// The engine calls it only while they are not loaded.
func (f *modelFile) ready() error {
	w, err := f.find(f.cfg)
	if err != nil {
		return fmt.Errorf("no model file is known: %w", err)
	}
	f.latest.Store(&w)
	return w.ready()
}

func (f *modelFile) about() engine.About {
	w := f.latest.Load()
	return engine.About{Version: w.version, Size: w.size, Verified: w.verified}
}

func (f *modelFile) need() (int64, error) { return llama.Estimate(f.options()) }

// options returns how to load the file, without the libraries.
func (f *modelFile) options() llama.Options {
	o := f.o
	o.Path = f.latest.Load().path
	return o
}

// findWeights returns the file that answers chats, which may not exist yet.
func findWeights(cfg config.Config) (weights, error) {
	if path := cfg.Engine.ModelFile; path != "" {
		return ownWeights(path), nil
	}
	return lockedWeights(cfg.Artifact, cfg.Artifact.Name)
}

// findEmbeddings returns the file that makes embeddings, which may not exist yet.
func findEmbeddings(cfg config.Config) (w weights, err error) {
	if name := cfg.Engine.EmbeddingsModel; strings.HasSuffix(name, ggufSuffix) {
		w = ownWeights(name)
	} else {
		w, err = lockedWeights(cfg.Artifact, name)
	}
	w.settings = "LYO_ENGINE_EMBEDDINGS_MODEL"
	return w, err
}

const ggufSuffix = ".gguf"

// embeddingsName returns the name that clients use for the model of LYO_ENGINE_EMBEDDINGS_MODEL.
func embeddingsName(setting string) string {
	return strings.TrimSuffix(filepath.Base(setting), ggufSuffix)
}

func ownWeights(path string) weights {
	w := weights{path: path, version: filepath.Base(path)}
	if info, err := os.Stat(path); err == nil {
		w.size = info.Size()
	}
	return w
}

func lockedWeights(a config.Artifact, name string) (weights, error) {
	locks, err := artifact.Load(a.Lock, a.Dir)
	if err != nil {
		return weights{}, err
	}
	entry, err := locks.Find(name)
	if err != nil || !entry.Locked() {
		return weights{}, err
	}
	path := artifact.New(artifact.Options{Dir: a.Dir}).Path(entry)
	return weights{path: path, version: entry.SHA256[:12], size: entry.Size, verified: true}, nil
}

// ready reports why the weights cannot be loaded, in words for clients. An artifact is moved into
// place only after its digest was verified, so checking the size is enough.
func (w weights) ready() error {
	info, err := os.Stat(w.path)
	switch {
	case w.path == "" || errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("model file missing: fetch it with lyo model pull, or name one in %s", cmp.Or(w.settings, "LYO_ENGINE_MODEL_FILE"))
	case err != nil || !info.Mode().IsRegular():
		return fmt.Errorf("model file unreadable: see what %s names", cmp.Or(w.settings, "LYO_ENGINE_MODEL_FILE or LYO_MODEL"))
	case w.verified && info.Size() != w.size:
		return errors.New("model file damaged: it has the wrong size; fetch it again with lyo model pull")
	}
	return nil
}
