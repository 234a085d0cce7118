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

// Options are where readers come from and what they may use.
type Options struct {
	// Args lead this program to Serve.
	Args []string
	// CacheDir keeps what reads PDF as machine code. Nobody else may write there, for its
	// files are run.
	CacheDir string
	Limits   Limits
}

// Reader reads documents, each in a process of its own. It is safe for concurrent use:
// how many run at once is the caller's decision.
type Reader struct {
	options Options
	mu      sync.Mutex // held while the cache is looked after
	cached  []string   // the files of the cache as they were found good
}

// New makes a Reader. It starts nothing.
func New(o Options) *Reader {
	o.Limits = o.Limits.withDefaults()
	return &Reader{options: o}
}

// Read extracts the text of a document of a size. It is over, and its process gone, when
// the text is there, when a bound was reached, or when ctx ends. Failures that lie in the
// document are *extract.Error: of kind ErrTooHeavy when it cost its reader's life, which
// it would do again. Other failures, such as a process that could not be started, may not
// come again.
func (r *Reader) Read(ctx context.Context, mediaType string, size int64, body io.Reader) (extract.Document, error) {
	if media, _, _ := strings.Cut(mediaType, ";"); strings.TrimSpace(media) == extract.PDF {
		if err := r.Warm(ctx); err != nil {
			return extract.Document{}, err
		}
	}
	return r.run(ctx, request{MediaType: mediaType, Size: size, CacheDir: r.options.CacheDir, Limits: r.options.Limits}, body)
}

// Warm has the cache hold what reads PDF. Where it does not yet, that takes seconds, and a
// Read of a PDF waits for it; what is in the cache and cannot be used is made anew.
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

// private makes the directory, and refuses one that is somebody else's or that others
// may write to.
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
