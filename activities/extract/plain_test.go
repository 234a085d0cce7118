package extract_test

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/extract"
)

func read(t *testing.T, media, body string) (extract.Document, error) {
	t.Helper()
	r := extract.NewReader(extract.Options{MaxText: 64 << 10})
	t.Cleanup(func() { require.NoError(t, r.Close()) })
	return r.Read(t.Context(), media, []byte(body))
}

func TestTextInItsEncodings(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ media, body, want string }{
		"UTF-8":                {"text/plain", "Größe", "Größe"},
		"UTF-8 with a mark":    {"text/plain", "\xef\xbb\xbfGröße", "Größe"},
		"decomposed":           {"text/plain; charset=utf-8", "Gro\u0308ße", "Größe"},
		"UTF-16, little":       {"text/plain", "\xff\xfeG\x00r\x00\xf6\x00\xdf\x00e\x00", "Größe"},
		"UTF-16, big":          {"text/plain", "\xfe\xff\x00G\x00r\x00\xf6\x00\xdf\x00e", "Größe"},
		"windows-1252":         {"text/plain", "Gr\xf6\xdfe \x80 5 \x96 \x93so\x94", "Größe € 5 – “so”"},
		"declared":             {"text/plain; charset=koi8-r", "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
		"an unknown charset":   {"text/plain; charset=klingon", "Gr\xf6\xdfe", "Größe"},
		"the mark wins":        {"text/plain; charset=iso-8859-1", "\xef\xbb\xbfGröße", "Größe"},
		"lines and paragraphs": {"text/plain", "\r\n\r\none\r\n  two\t \r\n\r\n\r\n\r\nthree\fpage\r\n", "one\n  two\n\nthree\n\npage"},
		"what scripts need":    {"text/plain", "می\u200cخواهم ប្រទេស\u200bកម្ពុជា \U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F no\u200cjoin", "می\u200cخواهم ប្រទេស\u200bកម្ពុជា \U0001F3F4\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F nojoin"},
		"what nobody sees":     {"text/plain", "a\x00b\u200bc\u202ed \x1b[31mred\x07 " + strings.Repeat("words ", 40), "abcd [31mred " + strings.TrimSpace(strings.Repeat("words ", 40))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(c.body, "\x00b") {
				// A byte 0 in the first 512 identifies a binary.
				c.body = strings.Repeat("line\n", 200) + c.body
				c.want = strings.Repeat("line\n", 200) + c.want
			}
			doc, err := read(t, c.media, c.body)
			require.NoError(t, err)
			require.Equal(t, c.want, doc.Text)
			require.Empty(t, doc.Title)
			require.Zero(t, doc.Pages)
			require.Positive(t, doc.Words)
		})
	}
}

func TestWordsAreCounted(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"one, two — three!": 3, "it's re-used 3.5": 3, "潮汐的原因": 5, "ab 潮汐 cd": 4} {
		doc, err := read(t, extract.Text, text)
		require.NoError(t, err)
		require.Equal(t, want, doc.Words, text)
	}
}

func TestWhatIsNotWhatItSays(t *testing.T) {
	t.Parallel()
	noise := make([]byte, 4096)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.IntN(256))
	}
	for name, c := range map[string][2]string{
		"an image":               {extract.Text, "\x89PNG\r\n\x1a\n and more"},
		"an archive":             {extract.Markdown, "PK\x03\x04 and more"},
		"a PDF as text":          {extract.Text, "%PDF-1.7\n1 0 obj\n<<>>\nendobj\nstartxref\n9\n%%EOF"},
		"noise":                  {extract.Text, string(noise)},
		"noise behind a text":    {extract.Text, strings.Repeat("innocent words ", 50) + string(noise)},
		"noise in a page":        {extract.HTML, "<html><body><p>" + strings.Repeat("innocent words ", 50) + string(noise)},
		"text as a PDF":          {extract.PDF, "words"},
		"a kind nobody reads":    {"image/png", "words"},
		"no media type":          {"nonsense/", "words"},
		"an empty media type":    {"", "words"},
		"noise that says UTF-16": {extract.Text, "\xff\xfe" + string(noise)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := read(t, c[0], c[1])
			refusedFor(t, err, extract.ErrUnsupported)
		})
	}
}

func TestTextWithoutText(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", " \n\t ", "---\n***\n"} {
		_, err := read(t, extract.Text, body)
		refusedFor(t, err, extract.ErrNoText)
	}
	_, err := read(t, extract.HTML, "<html><body></body></html>")
	refusedFor(t, err, extract.ErrNoText)
	_, err = read(t, extract.Text, strings.Repeat("long ", 20_000))
	refusedFor(t, err, extract.ErrTooLarge)
}

func TestMarkdown(t *testing.T) {
	t.Parallel()
	doc, err := read(t, extract.Markdown, "<!-- hidden -->\n# The **Tides** #\n\nThe <b>Moon</b> pulls, if a < b and c > d.\n<script>steal()</script>\n\n"+
		"See <https://example.com/a> and `List<String>`.\n\n```go\nx := map[string]<-chan int{}\n<div>\n```\n\n- one\n    - <img src=x onerror=\"alert(1)\">two\n")
	require.NoError(t, err)
	require.Equal(t, "The Tides", doc.Title)
	require.Equal(t, "# The **Tides** #\n\nThe Moon pulls, if a < b and c > d.\n\n"+
		"See <https://example.com/a> and `List<String>`.\n\n```go\nx := map[string]<-chan int{}\n<div>\n```\n\n- one\n    - two", doc.Text)
	doc, err = read(t, extract.Markdown, "The Sea\n=======\n\nWaves.")
	require.NoError(t, err)
	require.Equal(t, "The Sea", doc.Title)
}

const article = `<!doctype html><html><head><title>Why there are tides</title><meta charset="iso-8859-1"></head><body>
<nav><a href="/">Home</a> <a href="/shop">Shop</a></nav><script>track()</script>
<article><h1>Why there are tides</h1>
<p>The Moon pulls at the water of the sea, and the water that lies nearest to it is pulled the most, so it rises.</p>
<p>Caf` + "\xe9" + `s at the coast know it well: twice a day the sea comes and goes, and sailors have always known when it does.</p>
<ul><li>Spring tides, when Sun and Moon pull together, are the highest of all.</li><li>Neap tides, when they do not, are the lowest.</li></ul>
</article><footer>All rights reserved</footer></body></html>`

func TestWebPage(t *testing.T) {
	t.Parallel()
	doc, err := read(t, extract.HTML, article)
	require.NoError(t, err)
	require.Equal(t, "Why there are tides", doc.Title)
	paragraphs := strings.Split(doc.Text, "\n\n")
	require.Contains(t, paragraphs, "The Moon pulls at the water of the sea, and the water that lies nearest to it is pulled the most, so it rises.")
	require.Contains(t, doc.Text, "Cafés at the coast")
	require.Contains(t, doc.Text, "Neap tides")
	for _, noise := range []string{"Shop", "track", "rights", "<"} {
		require.NotContains(t, doc.Text, noise)
	}
}

func TestWebPagesThatAreTraps(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"deep":  strings.Repeat("<div>", 200_000) + "text",
		"wide":  strings.Repeat("<p>a</p>", 200_000),
		"open":  strings.Repeat("<a href=", 100_000),
		"table": strings.Repeat("<table><tr><td>", 20_000) + "x",
		"links": strings.Repeat("<p><a href=x>words, words, words</a> text, text, text</p>", 10_000),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := time.Now()
			_, err := read(t, extract.HTML, "<html><body>"+body)
			t.Log(time.Since(began).Round(time.Millisecond), err)
			if err != nil {
				var refused *refusal.Error
				require.ErrorAs(t, err, &refused)
			}
		})
	}
}

func TestTheEndOfTheCaller(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := extract.NewReader(extract.Options{}).Read(ctx, extract.Text, []byte("words"))
	require.ErrorIs(t, err, context.Canceled)
}
