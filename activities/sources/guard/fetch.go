package guard

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/lyoapp/lyo/activities/refusal"
)

// Page is a document as its server sent it. MediaType is one of text/html, text/plain,
// text/markdown and application/pdf; Charset is what the server declared, or empty.
type Page struct {
	FinalURL  string
	MediaType string
	Charset   string
	Body      []byte
}

// Fetcher fetches documents at addresses given by learners.
type Fetcher struct{ client *http.Client }

// NewFetcher returns a Fetcher with the options; the zero value is valid.
func NewFetcher(o Options) *Fetcher { return &Fetcher{client: Client(o)} }

const accepted = "text/html, text/markdown, text/plain;q=0.9, application/pdf;q=0.9"

// Fetch returns the document at an address, following redirects. It makes one attempt;
// running it again is harmless. Failures are *refusal.Error.
func (f *Fetcher) Fetch(ctx context.Context, address string) (Page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSpace(address), http.NoBody)
	if err != nil {
		return Page{}, refused("The address is malformed.")
	}
	req.Header.Set("Accept", accepted)
	res, err := f.client.Do(req)
	if err != nil {
		return Page{}, failure(ctx, err)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return Page{}, &refusal.Error{Kind: ErrStatus, Status: res.StatusCode, Reason: fmt.Sprintf("The server answered %d instead of the page.", res.StatusCode)}
	}
	return read(ctx, res)
}

func read(ctx context.Context, res *http.Response) (Page, error) {
	declared, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil {
		declared, params = "", nil
	}
	if declared != "" && declared != unknown && !readable[declared] {
		return Page{}, wrongType()
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return Page{}, failure(ctx, err)
	}
	if declared == "" || declared == unknown {
		declared = looksLike(body)
	}
	if !readable[declared] {
		return Page{}, wrongType()
	}
	return Page{FinalURL: res.Request.URL.String(), MediaType: declared, Charset: strings.ToLower(params["charset"]), Body: body}, nil
}

// looksLike returns the kind of a document without a media type: a PDF by its first line,
// a web page by its first tag, a text by being UTF-8, whatever word it begins with.
func looksLike(body []byte) string {
	head := body[:min(len(body), 1024)]
	sniffed, _, _ := strings.Cut(http.DetectContentType(body), ";")
	switch {
	case firstLineOfPDF.Match(head):
		return "application/pdf"
	case sniffed == "text/html":
		return sniffed
	case sniffed == "text/plain", utf8.Valid(body) && bytes.IndexByte(body, 0) < 0:
		return "text/plain"
	}
	return unknown
}

var firstLineOfPDF = regexp.MustCompile(`(?m)^%PDF-\d\.\d\s*$`)

const unknown = "application/octet-stream"

var readable = map[string]bool{"text/html": true, "text/plain": true, "text/markdown": true, "application/pdf": true}

func wrongType() *refusal.Error {
	return &refusal.Error{Kind: ErrMediaType, Reason: "Only web pages, texts, Markdown and PDF documents can be read."}
}
