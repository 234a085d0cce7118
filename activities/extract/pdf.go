package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/klippa-app/go-pdfium"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/experimental"

	"github.com/lyoapp/lyo/activities/refusal"
	texts "github.com/lyoapp/lyo/models/text"
)

// pdf reads a PDF when its turn comes.
func (r *Reader) pdf(ctx context.Context, body []byte) (Document, error) {
	if err := r.turn.Acquire(ctx, 1); err != nil {
		return Document{}, fmt.Errorf("extract: %w", err)
	}
	defer r.turn.Release(1)
	cache, err := r.compiled()
	if err != nil {
		return Document{}, err
	}
	limited, cancel := context.WithTimeoutCause(ctx, r.options.Timeout, ErrTooSlow)
	defer cancel()
	memory := &arena{most: uint64(r.options.MaxMemory)}
	doc, err := r.inSandbox(experimental.WithMemoryAllocator(limited, memory), cache, body)
	switch {
	case err == nil:
		return doc, nil
	case memory.full && ctx.Err() == nil:
		return doc, TooHeavy(err)
	case ctx.Err() != nil:
		return doc, fmt.Errorf("extract: %w", ctx.Err())
	case limited.Err() != nil:
		return doc, TooSlow(err)
	}
	return doc, err
}

// Warm compiles the PDF reader into the cache directory, unless that was done. Without it
// the first PDF waits as long.
func (r *Reader) Warm() error {
	_, err := r.compiled()
	return err
}

// compiled returns the cache that holds PDFium as machine code. The first call compiles it,
// which takes seconds and must not count against a document.
func (r *Reader) compiled() (wazero.CompilationCache, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, errClosed
	}
	if r.cache != nil {
		return r.cache, nil
	}
	cache := wazero.NewCompilationCache()
	if r.options.CacheDir != "" {
		kept, err := wazero.NewCompilationCacheWithDir(r.options.CacheDir)
		if err != nil {
			return nil, fmt.Errorf("extract: %w", err)
		}
		cache = kept
	}
	pool, err := r.sandbox(context.Background(), cache)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("extract: %w", err), cache.Close(context.Background()))
	}
	r.cache = cache
	return cache, pool.Close()
}

// sandbox returns a separate PDFium for one document. It has no file system, no network and
// no output, and its memory is bounded. It is a pool of one, since ending the context of a
// pool is the only way to stop a call without a race; with the cache it starts fast.
func (r *Reader) sandbox(ctx context.Context, cache wazero.CompilationCache) (pdfium.Pool, error) {
	return webassembly.Init(webassembly.Config{
		Context: ctx, MaxTotal: 1, MaxIdle: 1,
		FSConfig: wazero.NewFSConfig(), // else the whole disk is mounted
		Stdout:   io.Discard, Stderr: io.Discard,
		RuntimeConfig: wazero.NewRuntimeConfig().
			WithCoreFeatures(api.CoreFeaturesV2 | experimental.CoreFeaturesExceptionHandling).
			WithCloseOnContextDone(true).
			WithCompilationCache(cache),
	})
}

// arena is the memory of one sandbox. It grows in place, or each growth would need twice the
// memory; the system allocates only the used part.
type arena struct {
	most uint64
	full bool // more was requested
}

// Allocate reserves the memory.
func (a *arena) Allocate(_, _ uint64) experimental.LinearMemory {
	return &room{a, make([]byte, 0, a.most)}
}

type room struct {
	*arena

	data []byte
}

// Reallocate returns nil when the limit is exceeded.
func (r *room) Reallocate(size uint64) []byte {
	if size > uint64(cap(r.data)) {
		r.full = true
		return nil
	}
	return r.data[:size]
}

// Free does nothing: the memory is not shared.
func (r *room) Free() {}

func (r *Reader) inSandbox(ctx context.Context, cache wazero.CompilationCache, body []byte) (doc Document, err error) {
	pool, err := r.sandbox(ctx, cache)
	if err != nil {
		return doc, fmt.Errorf("extract: %w", err)
	}
	// The sandbox is closed as a whole, with everything its document left in it.
	defer func() { _ = pool.Close() }()
	engine, err := pool.GetInstance(time.Minute)
	if err != nil {
		return doc, fmt.Errorf("extract: %w", err)
	}
	opened, err := engine.OpenDocument(&requests.OpenDocument{File: &body})
	if err != nil {
		return doc, openingFailure(err)
	}
	return r.pages(ctx, paper{engine, opened.Document})
}

// openingFailure converts the error of PDFium's opening of a document.
func openingFailure(err error) error {
	if errors.Is(err, pdferrors.ErrPassword) || errors.Is(err, pdferrors.ErrSecurity) {
		return &refusal.Error{Kind: ErrPassword, Reason: "The PDF is protected by a password. Upload it without one.", Cause: err}
	}
	return damaged(err)
}

// paper is an open document.
type paper struct {
	engine pdfium.Pdfium
	ref    references.FPDF_DOCUMENT
}

// pages reads the pages one by one. Broken ones are left out, unless all are.
func (r *Reader) pages(ctx context.Context, p paper) (doc Document, err error) {
	count, err := p.engine.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: p.ref})
	if err != nil {
		return doc, damaged(err)
	}
	doc.Pages = count.PageCount
	if doc.Pages > r.options.MaxPages {
		return doc, &refusal.Error{Kind: ErrTooLarge, Reason: fmt.Sprintf("The PDF has more than %d pages. Split it into parts.", r.options.MaxPages)}
	}
	var text strings.Builder
	var broken []error
	for i := range doc.Pages {
		page, err := p.page(i, r.options.MaxText)
		switch {
		case ctx.Err() != nil:
			return doc, ctx.Err()
		case errors.Is(err, ErrTooLarge):
			return doc, err
		case err != nil:
			broken = append(broken, err)
		}
		text.WriteString(paragraphs(page))
		text.WriteString("\n\n")
		if text.Len() > r.options.MaxText+doc.Pages*2 {
			return doc, tooMuchText(r.options.MaxText)
		}
	}
	if len(broken) > 0 && len(broken) == doc.Pages {
		return doc, damaged(broken[0])
	}
	doc.Text, doc.Title = tidy(text.String(), false), p.title()
	return doc, nil
}

// page returns the text of a page in PDFium's lines.
func (p paper) page(index, most int) (string, error) {
	loaded, err := p.engine.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: p.ref, Index: index})
	if err != nil {
		return "", err
	}
	defer func() { _, _ = p.engine.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page}) }()
	text, err := p.engine.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: requests.Page{ByReference: &loaded.Page}})
	if err != nil {
		return "", err
	}
	defer func() {
		_, _ = p.engine.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: text.TextPage})
	}()
	chars, err := p.engine.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: text.TextPage})
	if err != nil || chars.Count <= 0 {
		return "", err
	}
	if chars.Count > most {
		return "", tooMuchText(most)
	}
	got, err := p.engine.FPDFText_GetText(&requests.FPDFText_GetText{TextPage: text.TextPage, Count: chars.Count})
	if err != nil {
		return "", err
	}
	return got.Text, nil
}

// title returns the title in the document's metadata, which many lack.
func (p paper) title() string {
	meta, err := p.engine.FPDF_GetMetaText(&requests.FPDF_GetMetaText{Document: p.ref, Tag: "Title"})
	if err != nil {
		return ""
	}
	return texts.CleanLine(meta.Value)
}
