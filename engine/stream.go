package engine

import (
	"encoding/json"
	"errors"
	"net/http"
	"sync"
	"time"
)

// stream responds with server-sent events. The header is sent with the first of them, so
// earlier failures are reported by status.
func (s *Server) stream(w http.ResponseWriter, r *http.Request, q query) {
	e := &events{w: w, control: http.NewResponseController(w), within: s.o.WriteWithin}
	a := &answer{events: e, head: s.head("chat.completion.chunk"), usage: q.usage}
	stop := e.keepAlive(s.o.KeepAlive)
	result, err := s.chat(r.Context(), q, a.piece)
	stop()
	if err == nil {
		err = a.finish(result)
	}
	switch {
	case err == nil:
	case r.Context().Err() == nil && !e.begun:
		s.refuse(w, err)
	default:
		e.fail(err)
		// Without the end of the chunked body the client sees that the answer is cut.
		panic(http.ErrAbortHandler)
	}
}

// answer is one streamed completion.
type answer struct {
	*events

	head  head
	usage bool
	spoke bool // the role was sent
}

// delta is the addition of a chunk. The first one has the role, the last one neither.
type delta struct {
	Role    string  `json:"role,omitempty"`
	Content *string `json:"content,omitempty"`
}

// chunk is one event. Usage is null in all but the last chunk when it is requested, and
// left out otherwise.
type chunk struct {
	head

	Choices []choice         `json:"choices"`
	Usage   *json.RawMessage `json:"usage,omitempty"`
}

// piece sends text, after the role if it is the first.
func (a *answer) piece(text string) error {
	if err := a.speak(); err != nil {
		return err
	}
	return a.send(a.chunk(choice{Delta: &delta{Content: &text}}))
}

func (a *answer) speak() error {
	if a.spoke {
		return nil
	}
	a.spoke = true
	empty := ""
	return a.send(a.chunk(choice{Delta: &delta{Role: "assistant", Content: &empty}}))
}

func (a *answer) finish(r ChatResult) error {
	if err := a.speak(); err != nil {
		return err
	}
	if err := a.send(a.chunk(choice{Delta: &delta{}, Finish: &r.Finish})); err != nil {
		return err
	}
	if a.usage {
		last := a.chunk()
		data, err := json.Marshal(usageOf(r))
		if err != nil {
			return err
		}
		*last.Usage = data
		if err := a.send(last); err != nil {
			return err
		}
	}
	return a.write("data: [DONE]\n\n")
}

func (a *answer) chunk(choices ...choice) chunk {
	c := chunk{head: a.head, Choices: choices}
	if choices == nil {
		c.Choices = []choice{}
	}
	if a.usage {
		null := json.RawMessage("null")
		c.Usage = &null
	}
	return c
}

// events writes server-sent events, one at a time, each within a time limit.
type events struct {
	mu      sync.Mutex
	w       http.ResponseWriter
	control *http.ResponseController
	within  time.Duration
	begun   bool // the header was sent
	quiet   bool // nothing was written since the last check
	err     error
}

func (e *events) send(body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return e.write("data: " + string(data) + "\n\n")
}

// write fails for ever once it failed: the client is gone or does not read.
func (e *events) write(text string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.quiet = false
	return e.put(text)
}

// put writes and flushes. mu is locked.
func (e *events) put(text string) error {
	if e.err != nil {
		return e.err
	}
	if !e.begun {
		e.begun = true
		h := e.w.Header()
		h.Set("Content-Type", "text/event-stream")
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
		e.w.WriteHeader(http.StatusOK)
	}
	e.err = e.control.SetWriteDeadline(time.Now().Add(e.within))
	if e.err == nil {
		_, e.err = e.w.Write([]byte(text))
	}
	if e.err == nil {
		e.err = e.control.Flush()
	}
	return e.err
}

// fail reports a problem in mid-stream, in OpenAI's format.
func (e *events) fail(err error) {
	if p, ok := errors.AsType[*problem](err); ok {
		_ = e.send(p.body())
	}
}

// keepAlive sends a comment whenever nothing was sent since its last check. The returned
// function stops it and waits for its end.
func (e *events) keepAlive(every time.Duration) (stop func()) {
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				e.comment()
			case <-end:
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
	}
}

func (e *events) comment() {
	if !e.mu.TryLock() {
		return // someone is writing: it is not quiet
	}
	defer e.mu.Unlock()
	if e.quiet {
		_ = e.put(": waiting\n\n") // a failure is kept for the next write
	}
	e.quiet = true
}
