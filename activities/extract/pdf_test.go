package extract_test

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract"
	"github.com/lyoapp/lyo/activities/extract/extracttest"
)

// pdf returns a document with a page for each text, its lines below one another.
func pdf(trailer string, pages ...string) []byte {
	objects := []string{"<< /Type /Catalog /Pages 2 0 R >>", "", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>", "<< /Title (The Tides of the Sea) >>"}
	var kids strings.Builder
	for _, text := range pages {
		var draw strings.Builder
		draw.WriteString("BT /F1 12 Tf 14 TL 50 780 Td\n")
		for line := range strings.SplitSeq(text, "\n") {
			fmt.Fprintf(&draw, "(%s) Tj T*\n", line)
		}
		draw.WriteString("ET")
		objects = append(objects, extracttest.Stream("", draw.String()))
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>", len(objects)))
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), len(pages))
	return extracttest.Sheet("/Info 4 0 R "+trailer, objects...)
}

// bombed returns one page whose drawing unpacks to times the size of unit.
func bombed(t *testing.T, before, unit string, times int) []byte {
	t.Helper()
	// Flushed, so that the packed unit ends on a byte and can be repeated.
	chunk := func(data string) string {
		var packed bytes.Buffer
		w, err := flate.NewWriter(&packed, flate.BestCompression)
		require.NoError(t, err)
		_, err = w.Write([]byte(data))
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		return packed.String()
	}
	packed := "\x78\x9c" + chunk(before) + strings.Repeat(chunk(unit), times) + "\x01\x00\x00\xff\xff"
	return extracttest.Sheet("", "<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> >> /Contents 4 0 R >>",
		extracttest.Stream("/Filter /FlateDecode", packed),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
}

func refusedFor(t *testing.T, err, kind error) {
	t.Helper()
	require.ErrorIs(t, err, kind)
	var refused *refusal.Error
	require.ErrorAs(t, err, &refused)
	require.NotEmpty(t, refused.Reason)
}

// sharedPDFReader logs what each document took.
type sharedPDFReader struct{ *extract.Reader }

func (r sharedPDFReader) read(t *testing.T, body []byte) (extract.Document, error) {
	t.Helper()
	began := time.Now()
	doc, err := r.Read(t.Context(), extract.PDF, body)
	t.Logf("%d bytes in %v: %v", len(body), time.Since(began).Round(time.Millisecond), err)
	return doc, err
}

// TestPDF shares one reader, since creating one takes seconds; with the race detector it
// takes most of a minute, which is why the compiled code is kept between runs.
func TestPDF(t *testing.T) { //nolint:tparallel // its parts share the reader, which reads one at a time
	t.Parallel()
	kept, err := os.UserCacheDir()
	require.NoError(t, err)
	cache := filepath.Join(kept, "lyo-test", "pdfium")
	r := sharedPDFReader{extract.NewReader(extract.Options{CacheDir: cache, MaxPages: 40, MaxText: 64 << 10, Timeout: 20 * time.Second, MaxMemory: 64 << 20})}
	r.readsText(t)
	r.refusesDocuments(t)
	r.survivesBombs(t)
	t.Run("too slow", func(t *testing.T) {
		hurried := extract.NewReader(extract.Options{CacheDir: cache, Timeout: time.Second})
		began := time.Now()
		_, err := hurried.Read(t.Context(), extract.PDF, extracttest.Slow().Body)
		refusedFor(t, err, extract.ErrTooSlow)
		t.Log(time.Since(began).Round(time.Millisecond))
		require.NoError(t, hurried.Close())
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := r.Read(ctx, extract.PDF, pdf("", "words"))
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("afterwards", func(t *testing.T) {
		doc, err := r.read(t, pdf("", "It still works."))
		require.NoError(t, err)
		require.Equal(t, "It still works.", doc.Text)
	})
	require.NoError(t, r.Close())
	require.NoError(t, r.Close())
	_, err = r.Read(t.Context(), extract.PDF, pdf("", "words"))
	require.Error(t, err)
	var refused *refusal.Error
	require.NotErrorAs(t, err, &refused, "the document is not to blame")
}

func (r sharedPDFReader) readsText(t *testing.T) {
	t.Helper()
	t.Run("text", func(t *testing.T) {
		doc, err := r.read(t, pdf("", "Why there are tides\nThe Moon pulls at the water of the sea, and the water that lies\nnearest to it is pulled the most. So it rises.\nTwice a day the sea comes and goes at most of the coasts of the\nworld, and sailors have always known when.", "Caf\\351 second page."))
		require.NoError(t, err)
		require.Equal(t, extract.Document{
			Title: "The Tides of the Sea", Pages: 2, Words: 53,
			Text: "Why there are tides\n\nThe Moon pulls at the water of the sea, and the water that lies nearest to it is pulled the most. So it rises.\n\n" +
				"Twice a day the sea comes and goes at most of the coasts of the world, and sailors have always known when.\n\nCafé second page.",
		}, doc)
	})
	t.Run("columns below a long heading", func(t *testing.T) {
		doc, err := r.read(t, pdf("", "A heading that is much longer than any line of the columns that stand below it\nLines of a column are\nnot long, and still\nthey belong together\nup to here."))
		require.NoError(t, err)
		require.Contains(t, doc.Text, "Lines of a column are not long, and still they belong together up to here.")
	})
	t.Run("junk before the mark", func(t *testing.T) {
		doc, err := r.read(t, append([]byte("\n\n"), pdf("", "Still a document.")...))
		require.NoError(t, err)
		require.Equal(t, "Still a document.", doc.Text)
	})
}

func (r sharedPDFReader) refusesDocuments(t *testing.T) {
	t.Helper()
	t.Run("password", func(t *testing.T) {
		secret := strings.Repeat("5a", 32)
		_, err := r.read(t, pdf("/ID [<00><00>] /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O <"+secret+"> /U <"+secret+"> >>", "Secret"))
		refusedFor(t, err, extract.ErrPassword)
	})
	t.Run("no text", func(t *testing.T) {
		_, err := r.read(t, pdf("", "", ""))
		refusedFor(t, err, extract.ErrNoText)
	})
	t.Run("broken", func(t *testing.T) {
		_, err := r.read(t, []byte("%PDF-1.7\n"+strings.Repeat("nothing of use ", 50)))
		refusedFor(t, err, extract.ErrDamaged)
	})
	t.Run("cut short", func(t *testing.T) {
		whole := pdf("", strings.Repeat("Some words that fill a line.\n", 20))
		for _, part := range []int{9, len(whole) / 2} {
			_, err := r.read(t, whole[:part])
			require.Error(t, err, part)
		}
	})
	t.Run("no PDF", func(t *testing.T) {
		_, err := r.read(t, []byte("PK\x03\x04 an archive"))
		refusedFor(t, err, extract.ErrUnsupported)
	})
	t.Run("too many pages", func(t *testing.T) {
		_, err := r.read(t, pdf("", make([]string, 41)...))
		refusedFor(t, err, extract.ErrTooLarge)
	})
	t.Run("too much text", func(t *testing.T) {
		many := make([]string, 40)
		for i := range many {
			many[i] = strings.Repeat(strings.Repeat("many words ", 8)+"\n", 50)
		}
		_, err := r.read(t, pdf("", many...))
		refusedFor(t, err, extract.ErrTooLarge)
	})
}

// survivesBombs reads pages that unpack to much more than they are.
func (r sharedPDFReader) survivesBombs(t *testing.T) {
	t.Helper()
	t.Run("bomb", func(t *testing.T) {
		_, err := r.read(t, bombed(t, "", strings.Repeat(" ", 1<<20), 1000))
		var refused *refusal.Error
		require.ErrorAs(t, err, &refused)
	})
	t.Run("bomb of text", func(t *testing.T) {
		_, err := r.read(t, bombed(t, "BT /F1 1 Tf ", strings.Repeat("(aaaaaaaaaa) Tj ", 100), 80))
		refusedFor(t, err, extract.ErrTooLarge)
	})
}
