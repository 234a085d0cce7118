package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"
	"golang.org/x/text/unicode/norm"

	"github.com/lyoapp/lyo/models/store"
)

const (
	// bodyWithin is the time limit for receiving a body.
	bodyWithin = 10 * time.Second
	// maxDrain in bytes is read of a body that is too large, so that the client can read the answer instead
	// of a broken connection.
	maxDrain = 4 << 20
	// drainWithin is the time limit of that when the declared length alone caused the refusal.
	drainWithin = time.Second
)

// takeBody reads the body into memory, refuses what must not reach a handler, and puts the bytes back
// for Huma with texts in their stored form. A body that the operation does not use is counted and
// dropped.
func (a *API) takeBody(ctx context.Context, c *gin.Context, r route) error {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil
	}
	body, err := a.readBounded(ctx, c, r.body)
	if err != nil {
		return err
	}
	c.Request.Body = bodyOf(body)
	if !r.body || len(body) == 0 {
		return nil
	}
	if r.form() && IsForm(c.GetHeader("Content-Type")) {
		return nil // no JSON to screen: the handler reads the form
	}
	if !isJSON(c.GetHeader("Content-Type")) {
		if r.form() {
			return NewProblem(SlugMedia, "The body must be a form or JSON: send Content-Type: multipart/form-data or application/json.")
		}
		return NewProblem(SlugMedia, "The body must be JSON: send Content-Type: application/json.")
	}
	c.Request.Header.Set("Content-Type", "application/json")
	body, faults, err := screen(body, r.texts)
	c.Request.Body, c.Request.ContentLength = bodyOf(body), int64(len(body))
	RequestInfoOf(c.Request.Context()).broken = faults
	return err
}

// memoryBody is a body that was read. Closed, it lets go of the bytes, of which Huma has a copy then.
type memoryBody struct{ *bytes.Reader }

func bodyOf(data []byte) memoryBody { return memoryBody{bytes.NewReader(data)} }

// Close drops the bytes.
func (b memoryBody) Close() error {
	b.Reset(nil)
	return nil
}

func (a *API) readBounded(ctx context.Context, c *gin.Context, used bool) ([]byte, error) {
	limits := a.bodyLimits(c.Request.Method, c.FullPath())
	control := http.NewResponseController(c.Writer)
	sent := newPaced(c.Request, control, limits)
	body, err := a.readDecoded(ctx, c, sent, limits, used)
	if err == nil {
		// The deadline is cleared, because one that passes later would look like a client that left.
		_ = control.SetReadDeadline(time.Time{})
		return body, nil
	}
	// The connection is closed. Otherwise the server would wait for the rest of the body.
	c.Header("Connection", "close")
	RequestInfoOf(ctx).leaveRoom()
	refused, ok := errors.AsType[*Problem](err)
	switch {
	case !ok:
		return nil, unreadable(err)
	case sent.read > 0 || c.GetHeader("Expect") == "": // else the client still waits for 100 Continue
		drain(c, limits.Within, max(maxDrain, limits.Most))
	}
	return nil, refused
}

// readDecoded reads a body, and unpacks one that was sent as gzip. The limit counts for both: what
// arrives, and what it unpacks to, of which no more is unpacked. A body larger than MaxBody needs a place in
// the budget: before it is read where its length is known. An error is a refusal, or a body that did not arrive.
func (a *API) readDecoded(ctx context.Context, c *gin.Context, from io.Reader, limits BodyLimits, used bool) ([]byte, error) {
	sent := &io.LimitedReader{R: from, N: limits.Most + 1}
	var body io.Reader = sent
	length := c.Request.ContentLength // of the body as it is read; negative: not known
	coding := strings.ToLower(strings.Join(c.Request.Header.Values("Content-Encoding"), ","))
	switch coding = strings.TrimSpace(coding); {
	case coding == "", coding == "identity", !used:
	case coding == "gzip", coding == "x-gzip":
		body, length = &unpacker{from: sent}, -1
	default:
		c.Header("Accept-Encoding", "gzip")
		return nil, NewProblem(SlugMedia, "The body's Content-Encoding is not known: send it as it is, or as gzip.")
	}
	if length > MaxBody {
		if err := a.needRoom(ctx, length); err != nil {
			return nil, err
		}
	}
	var data bytes.Buffer
	data.Grow(int(max(length, 0)) + bytes.MinRead)
	read, err := io.CopyN(&data, body, MaxBody+1)
	if read > MaxBody {
		if length < 0 && limits.Most > MaxBody {
			err = a.needRoom(ctx, limits.Most)
		}
		if err == nil {
			_, err = io.CopyN(&data, body, limits.Most-MaxBody)
		}
	}
	if sent.N <= 0 || int64(data.Len()) > limits.Most {
		return nil, limits.tooLarge()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	// What follows sees the body as it is now.
	c.Request.Header.Del("Content-Encoding")
	c.Request.ContentLength = int64(data.Len())
	return data.Bytes(), nil
}

// unpacker reads a gzip body. What is not gzip is refused; an error of the connection stays one.
type unpacker struct {
	from   io.Reader
	gzip   *gzip.Reader
	broken error // of the connection
}

// Read unpacks.
func (u *unpacker) Read(into []byte) (n int, err error) {
	if u.gzip == nil {
		u.gzip, err = gzip.NewReader((*packed)(u))
	}
	if err == nil {
		n, err = u.gzip.Read(into)
	}
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return n, err
	case u.broken != nil:
		return n, u.broken
	}
	return n, Malformed("The body is not gzip, as its Content-Encoding says, or ends too early.")
}

// packed is what an unpacker reads from.
type packed unpacker

// Read notes an error of the connection.
func (p *packed) Read(into []byte) (int, error) {
	n, err := p.from.Read(into)
	if err != nil && !errors.Is(err, io.EOF) {
		p.broken = err
	}
	return n, err
}

// BodyLimits are the limits of an operation's body.
type BodyLimits struct {
	Most     int64         // in bytes
	Within   time.Duration // for receiving it
	TooLarge string        // the detail of the answer to a larger one
}

func (l BodyLimits) tooLarge() error { return NewProblem(SlugTooLarge, l.TooLarge) }

// bodyLimits returns the limits of a route as the router names it.
func (a *API) bodyLimits(method, route string) BodyLimits {
	if own, ok := a.bodies[method+" "+route]; ok {
		return own
	}
	return BodyLimits{Most: MaxBody, Within: bodyWithin, TooLarge: "The body is larger than 512 KiB."}
}

// drain reads the rest of a body, for a limited time.
func drain(c *gin.Context, within time.Duration, most int64) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(within))
	_, _ = io.CopyN(io.Discard, c.Request.Body, most)
}

func unreadable(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return Malformed("The body did not arrive in time.")
	}
	return Malformed("The body cannot be read to its end.")
}

// isJSON reports whether a body is JSON. A missing media type counts as JSON, because some clients
// omit it.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(params["charset"])
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json")) &&
		slices.Contains([]string{"", "utf-8", "utf8", "us-ascii"}, charset)
}

// IsForm reports whether a body is a multipart form.
func IsForm(contentType string) bool {
	media, _, err := mime.ParseMediaType(contentType)
	return err == nil && media == "multipart/form-data"
}

// refuseBrokenQuery refuses, on every route, a query that cannot be parsed or is not UTF-8. The parser
// would drop what it cannot read, and a lost filter shows everything.
func (a *API) refuseBrokenQuery(c *gin.Context) {
	query, err := url.ParseQuery(c.Request.URL.RawQuery)
	if err != nil {
		a.Fail(c, Malformed("The query cannot be read: it has a broken escape or a semicolon."))
		return
	}
	for name, values := range query {
		if !utf8.ValidString(name + strings.Join(values, "")) {
			a.Fail(c, Malformed("The query is not UTF-8."))
			return
		}
	}
	c.Next()
}

// screenQuery refuses NUL in a query, which Postgres cannot store, and normalises all other text to
// NFC, as in bodies.
func screenQuery(at *url.URL) error {
	query := at.Query()
	var faults []store.Field
	composed := url.Values{}
	for name, values := range query {
		for _, value := range values {
			composed.Add(norm.NFC.String(name), norm.NFC.String(value))
		}
		if strings.ContainsRune(name+strings.Join(values, ""), 0) {
			faults = append(faults, store.Field{Pointer: name, Location: "query", Message: noNUL})
		}
	}
	if len(faults) > 0 {
		return invalid(faults)
	}
	if raw := composed.Encode(); raw != query.Encode() {
		at.RawQuery = raw
	}
	return nil
}
