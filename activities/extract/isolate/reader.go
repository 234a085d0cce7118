package isolate

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/lyoapp/lyo/activities/extract"
)

// Options are the program of readers and their limits.
type Options struct {
	// Args are this program's arguments that lead to Serve.
	Args []string
	// CacheDir holds the PDF reader as machine code. No other user may write there, since its
	// files are executed.
	CacheDir string
	Limits   Limits
}

// Reader reads documents, each in a process of its own. It is safe for concurrent use:
// the caller decides how many run at once.
type Reader struct {
	options Options
	mu      sync.Mutex // guards cached while Warm runs
	cached  []string   // the files of the cache when last verified
}

// New returns a Reader. It starts no process.
func New(o Options) *Reader {
	o.Limits = o.Limits.withDefaults()
	return &Reader{options: o}
}

// Read extracts the text of a document of a given size. It returns, with its process ended,
// when the text is complete, a limit was reached, or ctx ended. Failures caused by the
// document are *refusal.Error: of kind ErrTooHeavy when it crashed its reader, which it
// would do again. Other failures, such as a process that could not be started, may be
// transient.
func (r *Reader) Read(ctx context.Context, mediaType string, size int64, body io.Reader) (extract.Document, error) {
	if media, _, _ := strings.Cut(mediaType, ";"); strings.TrimSpace(media) == extract.PDF {
		if err := r.Warm(ctx); err != nil {
			return extract.Document{}, err
		}
	}
	return r.run(ctx, request{MediaType: mediaType, Size: size, CacheDir: r.options.CacheDir, Limits: r.options.Limits}, body)
}

// Warm compiles the PDF reader into the cache unless it is there. That takes seconds, and a
// Read of a PDF waits for it; an unusable cache is rebuilt.
func (r *Reader) Warm(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.cached) > 0 && !slices.ContainsFunc(r.cached, gone) {
		return nil
	}
	if err := private(r.options.CacheDir); err != nil {
		return err
	}
	warm := request{CacheDir: r.options.CacheDir, Warm: true, Limits: warming}
	_, err := r.run(ctx, warm, strings.NewReader(""))
	if err != nil && ctx.Err() == nil {
		if err := os.RemoveAll(r.options.CacheDir); err != nil {
			return fmt.Errorf("isolate: %w", err)
		}
		_, err = r.run(ctx, warm, strings.NewReader(""))
	}
	if err != nil {
		return fmt.Errorf("isolate: compile what reads PDF: %w", err)
	}
	r.cached, err = filepath.Glob(filepath.Join(r.options.CacheDir, "*", "*"))
	return err
}

func gone(path string) bool {
	_, err := os.Stat(path)
	return err != nil
}

// private creates the directory, and refuses one that another user owns or others may
// write to.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("isolate: %w", err)
	}
	is, err := os.Stat(dir)
	if err != nil {
		return fmt.Errorf("isolate: %w", err)
	}
	owner, ok := is.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Geteuid() || is.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("isolate: %s holds code that is run, so it must be yours and only you may write there", dir)
	}
	return nil
}
