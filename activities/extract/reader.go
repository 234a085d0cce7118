package extract

import (
	"context"
	"errors"
	"fmt"
	"mime"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/tetratelabs/wazero"
)

// Supported media types.
const (
	PDF      = "application/pdf"
	HTML     = "text/html"
	Markdown = "text/markdown"
	Text     = "text/plain"
)

// Document is the content of a document. Text is UTF-8 in form NFC whose only control character
// is the line feed; an empty line separates paragraphs. Title is one line, or empty if the
// document has none. Pages is 0 for documents without pages. Words are separated by white
// space; in scripts without spaces each character counts.
type Document struct {
	Title, Text  string
	Pages, Words int
}

// Options are the limits of a Reader. A zero value means the default given with each.
type Options struct {
	MaxPages int           // of a PDF; 1000
	MaxText  int           // bytes of text; 2 MiB
	Timeout  time.Duration // of one reading, without waiting for others; 30 s
	// MaxMemory bounds the sandbox that PDF is read in, in bytes; 48 MiB.
	MaxMemory int
	// CacheDir keeps the compiled sandbox for later processes; empty: memory only. No other
	// user may write there, since its files are executed.
	CacheDir string
}

func (o Options) withDefaults() Options {
	set := func(value *int, usual int) {
		if *value <= 0 {
			*value = usual
		}
	}
	set(&o.MaxPages, 1000)
	set(&o.MaxText, 2<<20)
	set(&o.MaxMemory, 48<<20)
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	return o
}

// Reader reads documents, one PDF at a time. It is safe for concurrent use. The PDF reader is
// compiled with the first one and kept until Close.
type Reader struct {
	options Options
	turn    *semaphore.Weighted // taken while a PDF is read

	mu     sync.Mutex
	cache  wazero.CompilationCache // nil before the first PDF
	closed bool
}

// NewReader returns a Reader. It costs nothing before the first PDF.
func NewReader(o Options) *Reader {
	return &Reader{options: o.withDefaults(), turn: semaphore.NewWeighted(1)}
}

// Read extracts the text of a document. The media type may have a charset; without one the
// encoding is detected: UTF-8, UTF-16 and UTF-32 with their marks, or one that is recognised.
// The result is deterministic. Failures caused by the document are *refusal.Error; the end of ctx is
// returned as its error, wrapped.
func (r *Reader) Read(ctx context.Context, mediaType string, body []byte) (doc Document, err error) {
	media, params, err := mime.ParseMediaType(mediaType)
	if err != nil {
		return doc, unsupported()
	}
	if err := agree(media, body); err != nil {
		return doc, err
	}
	// Third-party parsers read untrusted documents here: a panic is one document's failure.
	defer func() {
		if cause := recover(); cause != nil {
			doc, err = Document{}, damaged(fmt.Errorf("panic: %v", cause))
		}
	}()
	if media == PDF {
		doc, err = r.pdf(ctx, body)
	} else {
		doc, err = plain(media, params["charset"], body)
	}
	if err == nil {
		err = r.judge(media, &doc)
	}
	if err != nil {
		return Document{}, err
	}
	if ctx.Err() != nil {
		return Document{}, fmt.Errorf("extract: %w", ctx.Err())
	}
	return doc, nil
}

// judge counts the words and refuses a text that no course can be written from.
func (r *Reader) judge(media string, doc *Document) error {
	doc.Words = words(doc.Text)
	switch {
	case len(doc.Text) > r.options.MaxText:
		return tooMuchText(r.options.MaxText)
	case doc.Words == 0 && media == PDF:
		return &refusal.Error{Kind: ErrNoText, Reason: "The PDF has no text in it. Pages that were scanned as pictures cannot be read."}
	case doc.Words == 0:
		return &refusal.Error{Kind: ErrNoText, Reason: "There is no text in it."}
	}
	return nil
}

var errClosed = errors.New("extract: the reader is closed")

// Close waits for the PDF being read and frees the PDF reader. Reading a PDF after that
// fails; closing twice is harmless.
func (r *Reader) Close() error {
	if err := r.turn.Acquire(context.Background(), 1); err != nil {
		return err
	}
	defer r.turn.Release(1)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.cache == nil {
		return nil
	}
	err := r.cache.Close(context.Background())
	r.cache = nil
	return err
}
