package isolate_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/extract/extracttest"
	"github.com/lyoapp/lyo/activities/extract/isolate"
)

// The test's own program is the reader too, as a worker's is, and a few others.
const (
	serve   = "read-document"
	inspect = "inspect" // reports on itself, in its answer
	work    = "work"    // until it is killed
)

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		os.Exit(m.Run())
	}
	switch os.Args[1] {
	case serve:
		if err := isolate.Serve(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case inspect:
		var answer bytes.Buffer
		err := isolate.Serve(context.Background(), os.Stdin, &answer)
		written := os.WriteFile(os.Args[2], []byte("secret"), 0o600)
		fmt.Printf("{\"fault\":%q}\n", fmt.Sprintf("%v; environment: %v; %v", err, os.Environ(), written))
	case work:
		workUntilKilled(os.Args[2])
	default:
		os.Exit(m.Run())
	}
}

// cache returns a directory kept between runs, since compiling takes seconds.
func cache(t *testing.T) string {
	t.Helper()
	kept, err := os.UserCacheDir()
	require.NoError(t, err)
	return filepath.Join(kept, "lyo-test", "pdfium")
}

func reader(t *testing.T, l isolate.Limits) *isolate.Reader {
	t.Helper()
	return isolate.New(isolate.Options{Args: []string{serve}, CacheDir: cache(t), Limits: l})
}

func read(t *testing.T, r *isolate.Reader, media string, body []byte) (extract.Document, error) {
	t.Helper()
	began := time.Now()
	doc, err := r.Read(t.Context(), media, int64(len(body)), bytes.NewReader(body))
	t.Logf("%d bytes in %v: %d bytes of text, %v", len(body), time.Since(began).Round(time.Millisecond), len(doc.Text), err)
	return doc, err
}

func TestHonestDocuments(t *testing.T) {
	t.Parallel()
	r := reader(t, isolate.Limits{})
	doc, err := read(t, r, extract.PDF, extracttest.Page("The Moon pulls."))
	require.NoError(t, err)
	require.Equal(t, extract.Document{Text: "The Moon pulls.", Pages: 1, Words: 3}, doc)
	doc, err = read(t, r, "text/plain; charset=utf-8", []byte("Größe \"<&>\"\n\nmore"))
	require.NoError(t, err)
	require.Equal(t, "Größe \"<&>\"\n\nmore", doc.Text)
	doc, err = read(t, r, extract.PDF, extracttest.Book(600, 9<<20))
	require.NoError(t, err)
	require.Equal(t, 600, doc.Pages)
	_, err = read(t, r, extract.PDF, []byte("%PDF-1.7\n nothing"))
	require.ErrorIs(t, err, extract.ErrDamaged)
	refused, ok := errors.AsType[*refusal.Error](err)
	require.True(t, ok)
	require.NotEmpty(t, refused.Reason, "words come across")
}

func TestHostileDocuments(t *testing.T) {
	t.Parallel()
	needsItsOwnLimits(t)
	r := reader(t, isolate.Limits{})
	for _, h := range extracttest.HostileDocuments(19) {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			require.LessOrEqual(t, len(h.Body), 10<<20)
			_, err := read(t, r, h.MediaType, h.Body)
			if err != nil {
				_, final := errors.AsType[*refusal.Error](err)
				require.True(t, final, "the document is to blame")
			}
		})
	}
}
