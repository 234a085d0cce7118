package api

import (
	"bytes"
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

	"github.com/lyoapp/lyo/models"
)

const (
	// bodyWithin is how long a body may take to arrive.
	bodyWithin = 10 * time.Second
	// maxDrain in bytes is read of a body that is refused, so that its sender
	// gets to read the answer instead of a broken connection.
	maxDrain = 4 << 20
	// drainWithin is how long that may take when the length alone was enough to refuse.
	drainWithin = time.Second
)

// takeBody reads the body into memory, refuses what must not reach a handler
// and puts the bytes back for Huma. What an operation does not want is counted
// and dropped.
func takeBody(c *gin.Context, wanted bool) error {
	if c.Request.Body == nil || c.Request.Body == http.NoBody {
		return nil
	}
	body, err := readBounded(c)
	if err != nil {
		return err
	}
	c.Request.Body = io.NopCloser(bytes.NewReader(body))
	if !wanted || len(body) == 0 {
		return nil
	}
	if !isJSON(c.GetHeader("Content-Type")) {
		return problemOf(slugMedia, "The body must be JSON: send Content-Type: application/json.")
	}
	c.Request.Header.Set("Content-Type", "application/json")
	return screen(body)
}

func readBounded(c *gin.Context) ([]byte, error) {
	control := http.NewResponseController(c.Writer)
	// Not every writer has deadlines; a recorder in a test has none.
	_ = control.SetReadDeadline(time.Now().Add(bodyWithin))
	body, err := io.ReadAll(io.LimitReader(c.Request.Body, maxBody+1))
	if err == nil && len(body) <= maxBody {
		// Lifted, since a deadline that passes later would look like a client that left.
		_ = control.SetReadDeadline(time.Time{})
		return body, nil
	}
	// Closed, or the server would wait for the rest of the body.
	c.Header("Connection", "close")
	if err != nil {
		return nil, unreadable(err)
	}
	drain(c, bodyWithin)
	return nil, tooLarge()
}

func tooLarge() error { return problemOf(slugTooLarge, "The body is larger than 512 KiB.") }

// drain reads what its sender is still sending, for a while.
func drain(c *gin.Context, within time.Duration) {
	_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(within))
	_, _ = io.CopyN(io.Discard, c.Request.Body, maxDrain)
}

func unreadable(err error) error {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return malformed("The body did not arrive in time.")
	}
	return malformed("The body cannot be read to its end.")
}

// isJSON takes a missing media type for JSON, as clients that forget it mean it.
func isJSON(contentType string) bool {
	if contentType == "" {
		return true
	}
	media, params, err := mime.ParseMediaType(contentType)
	charset := strings.ToLower(params["charset"])
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json")) &&
		slices.Contains([]string{"", "utf-8", "utf8", "us-ascii"}, charset)
}

// screenQuery refuses text that Postgres would: broken UTF-8 and NUL.
func screenQuery(query url.Values) error {
	fault := models.Errorf(models.Invalid, "The request breaks one or more rules.")
	for name, values := range query {
		text := name + strings.Join(values, "")
		if !utf8.ValidString(text) {
			return malformed("The query is not UTF-8.")
		}
		if strings.ContainsRune(text, 0) {
			fault.Fields = append(fault.Fields, models.Field{Pointer: name, Location: "query", Message: noNUL})
		}
	}
	if len(fault.Fields) > 0 {
		return fault
	}
	return nil
}
