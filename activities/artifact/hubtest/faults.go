package hubtest

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is a download before it is sent, for faults to change.
type plan struct {
	status     int
	retryAfter string
	cutAt      int64 // of the bytes sent; -1: never
	stallAt    int64 // of the bytes sent; -1: never
	flip       int64 // of the file's bytes; -1: none
	noRange    bool
	grow       int // bytes more than the file has; negative: fewer
	lie        int // not 0: sent without a length
	tag        string
}

// Fault changes one download.
type Fault func(*plan)

// CutAt closes the connection after n bytes of the body.
func CutAt(n int64) Fault { return func(p *plan) { p.cutAt = n } }

// StallAt sends n bytes of the body and then nothing, until the client disconnects.
func StallAt(n int64) Fault { return func(p *plan) { p.stallAt = n } }

// FlipByte sends the file with the byte at this position changed.
func FlipByte(at int64) Fault { return func(p *plan) { p.flip = at } }

// NoRange answers 200 with the whole file, whatever range was requested.
func NoRange() Fault { return func(p *plan) { p.noRange = true } }

// Status answers with a status and no file; retryAfter may be empty.
func Status(code int, retryAfter string) Fault {
	return func(p *plan) { p.status, p.retryAfter = code, retryAfter }
}

// Resize serves a file that is n bytes longer, or shorter, with a matching length.
func Resize(n int) Fault { return func(p *plan) { p.grow = n } }

// Endless serves n bytes more than the file has, without a length.
func Endless(n int) Fault { return func(p *plan) { p.grow, p.lie = n, 1 } }

// Retag answers with another ETag, as a host does after the file was uploaded again.
func Retag(tag string) Fault { return func(p *plan) { p.tag = tag } }

func (s *Server) serveCDN(w http.ResponseWriter, r *http.Request) {
	s.serving.Add(1)
	defer s.serving.Done()
	i := s.note(true, r)
	repository, _, name, ok := split(strings.TrimPrefix(r.URL.Path, "/blobs"))
	p := plan{cutAt: -1, stallAt: -1, flip: -1}
	s.mu.Lock()
	f := s.files[repository+"/"+name]
	if len(s.faults) > 0 {
		s.faults[0](&p)
		s.faults = s.faults[1:]
	}
	s.mu.Unlock()
	switch {
	case !ok || f == nil:
		http.NotFound(w, r)
	case r.Header.Get("Authorization") != "":
		// As object stores do with a signed address that carries other credentials too.
		http.Error(w, "only one way to authorise is allowed", http.StatusBadRequest)
	case p.status != 0:
		if p.retryAfter != "" {
			w.Header().Set("Retry-After", p.retryAfter)
		}
		http.Error(w, "configured to fail", p.status)
	default:
		s.send(w, r, f, p, i)
	}
}

func (s *Server) send(w http.ResponseWriter, r *http.Request, f *File, p plan, i int) {
	data := f.data
	if p.flip >= 0 {
		data = slices.Clone(data)
		data[p.flip] ^= 0x20
	}
	if p.grow > 0 {
		data = append(slices.Clone(data), make([]byte, p.grow)...)
	} else {
		data = data[:len(data)+p.grow]
	}
	if p.noRange {
		r.Header.Del("Range")
	}
	tag := p.tag
	if tag == "" {
		tag = f.SHA256[:32]
	}
	w.Header().Set("ETag", strconv.Quote(tag))
	out := &spoiler{ResponseWriter: w, s: s, request: i, cutAt: p.cutAt, stallAt: p.stallAt, gone: r.Context().Done()}
	if p.lie != 0 {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush() // no length from here on
		_, _ = out.Write(data)
		return
	}
	http.ServeContent(out, r, "", time.Time{}, bytes.NewReader(data))
}

// spoiler counts a body's bytes, and ends it early.
type spoiler struct {
	http.ResponseWriter

	s              *Server
	request        int
	done           int64
	cutAt, stallAt int64
	gone           <-chan struct{}
}

// Write implements io.Writer.
func (o *spoiler) Write(b []byte) (int, error) {
	end := int64(-1)
	for _, at := range []int64{o.cutAt, o.stallAt} {
		if at >= 0 && o.done+int64(len(b)) > at {
			end = at
		}
	}
	if end < 0 {
		return o.pass(b)
	}
	_, _ = o.pass(b[:end-o.done])
	_ = http.NewResponseController(o.ResponseWriter).Flush()
	if end == o.stallAt {
		<-o.gone
	}
	panic(http.ErrAbortHandler)
}

func (o *spoiler) pass(b []byte) (int, error) {
	n, err := o.ResponseWriter.Write(b)
	o.done += int64(n)
	o.s.sent(o.request, n)
	return n, err
}
