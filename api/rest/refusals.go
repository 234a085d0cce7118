package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"sync/atomic"

	"github.com/google/uuid"
)

// Listener returns a listener whose connections answer with problem documents where net/http itself refuses a request
// that it cannot read, before any handler: a bad escape in the path, a missing Host, headers that are too large.
func (a *API) Listener(inner net.Listener) net.Listener { return refusingListener{inner, a} }

type refusingListener struct {
	net.Listener
	api *API
}

// Accept returns the next connection.
func (l refusingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &refusingConn{TCPConn: tcp, api: l.api}, err
	}
	return c, err
}

// refusingConn replaces net/http's own refusals. Each is one write of fixed words, the first after a read, and the last
// before the connection is closed. Answers of handlers differ from that by their Date.
type refusingConn struct {
	*net.TCPConn
	api      *API
	answered atomic.Bool // since the last read
}

// Read reads a part of a request.
func (c *refusingConn) Read(into []byte) (int, error) {
	n, err := c.TCPConn.Read(into)
	if n > 1 { // net/http reads single bytes while a handler writes
		c.answered.Store(false)
	}
	return n, err
}

// refusal is all of what net/http writes.
var refusal = regexp.MustCompile(`\AHTTP/1\.1 (400|431|501|505) [^\r\n]*\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n[^\r\n]*\z`)

const longestRefusal = 512

// Write writes an answer.
func (c *refusingConn) Write(data []byte) (int, error) {
	first := !c.answered.Swap(true)
	if !first || len(data) > longestRefusal {
		return c.TCPConn.Write(data)
	}
	found := refusal.FindSubmatch(data)
	if found == nil {
		return c.TCPConn.Write(data)
	}
	if _, err := c.TCPConn.Write(c.api.refusal(string(found[1]))); err != nil {
		return 0, err
	}
	return len(data), nil
}

// refusal returns the answer to a request that could not be read. The path is not known.
func (a *API) refusal(status string) []byte {
	p := NewProblem(SlugMalformed, "The request cannot be read: its first line, a header field or the escapes of its path are broken.")
	if status == strconv.Itoa(http.StatusRequestHeaderFieldsTooLarge) {
		p = NewProblem(SlugHeaders, "The header fields of the request are too large.")
	}
	kind, _ := ProblemTypeOf(p.slug)
	p.Type, p.Title, p.Status, p.Instance, p.RequestID = a.PublicURL("/problems/"+kind.Slug), kind.Title, kind.Status, "/", uuid.NewString()
	body, _ := json.Marshal(p) //nolint:errchkjson // a struct of texts
	var out bytes.Buffer
	fmt.Fprintf(&out, "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nX-Request-Id: %s\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
		kind.Status, http.StatusText(kind.Status), p.ContentType(""), len(body), p.RequestID)
	out.Write(body)
	return out.Bytes()
}
