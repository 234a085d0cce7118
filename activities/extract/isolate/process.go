package isolate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/lyoapp/lyo/activities/extract"
)

// watchEvery is the interval of checking a reader's memory.
const watchEvery = 5 * time.Millisecond

// process is one running reader. Its input stays open while its answer is wanted.
type process struct {
	limits   Limits
	cmd      *exec.Cmd
	in       io.WriteCloser
	out      io.ReadCloser
	errs     tail
	overfull atomic.Bool // killed for its memory
	overdue  atomic.Bool // killed for its time
}

// run starts a reader process for one request and returns its answer.
func (r *Reader) run(ctx context.Context, ask request, body io.Reader) (extract.Document, error) {
	p, err := r.newProcess(ask.Limits)
	if err != nil {
		return extract.Document{}, err
	}
	ended := make(chan error, 1)
	started := make(chan error, 1)
	answered := make(chan answer, 1)
	go p.live(started, ended, answered)
	if err := <-started; err != nil {
		return extract.Document{}, fmt.Errorf("isolate: start a reader: %w", err)
	}
	fed := make(chan error, 1)
	go func() { fed <- p.feed(ask, body) }()
	watched := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(watched)
		p.watch(ctx, done)
	}()
	died := <-ended
	close(done)
	<-watched
	return p.outcome(ctx, died, <-fed, answered)
}

func (r *Reader) newProcess(limits Limits) (*process, error) {
	path, err := self()
	if err != nil {
		return nil, fmt.Errorf("isolate: find this program: %w", err)
	}
	p := &process{limits: limits, cmd: exec.Command(path, r.options.Args...)} //nolint:gosec,noctx // this program; watch ends it
	p.cmd.Env = []string{"PATH=/nowhere"}                                     // not empty, or it would inherit this process's own
	p.cmd.SysProcAttr = attributes()
	p.cmd.Stderr = &p.errs
	p.cmd.WaitDelay = time.Second
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("isolate: %w", err)
	}
	if p.out, err = p.cmd.StdoutPipe(); err != nil {
		return nil, fmt.Errorf("isolate: %w", err)
	}
	return p, nil
}

// live owns the child. It keeps its thread until the child has ended, because the system
// ends a child with the thread that started it.
func (p *process) live(started, ended chan<- error, answered chan<- answer) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	if a, err := readAnswer(p.out); err == nil {
		answered <- a
	}
	_ = p.in.Close() // the answer is complete, or will never come
	_, _ = io.Copy(io.Discard, p.out)
	ended <- p.cmd.Wait()
}

// feed writes the request and the document. An error of reading the document ends the
// child; a write error is ignored, since the child's exit shows the reason.
func (p *process) feed(ask request, body io.Reader) error {
	line, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return nil //nolint:nilerr // see above
	}
	from := &source{Reader: body, left: ask.Size}
	_, _ = io.CopyN(struct{ io.Writer }{p.in}, from, ask.Size) // the error may be the child's
	if from.err != nil {
		p.kill()
	}
	return from.err
}

// source keeps the reason why reading ended too early.
type source struct {
	io.Reader

	left int64
	err  error
}

func (s *source) Read(into []byte) (int, error) {
	n, err := s.Reader.Read(into)
	s.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF) && s.left > 0:
		s.err = io.ErrUnexpectedEOF
	case err != nil && !errors.Is(err, io.EOF):
		s.err = err
	}
	return n, err
}

// watch kills the child when it exceeds a limit or ctx ends.
func (p *process) watch(ctx context.Context, done <-chan struct{}) {
	overdue := time.NewTimer(p.limits.Wall)
	defer overdue.Stop()
	look := time.NewTicker(watchEvery)
	defer look.Stop()
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			p.kill()
			return
		case <-overdue.C:
			p.overdue.Store(true)
			p.kill()
			return
		case <-look.C:
			if privateMemory(p.cmd.Process.Pid) > p.limits.Memory {
				p.overfull.Store(true)
				p.kill()
				return
			}
		}
	}
}

func (p *process) kill() { _ = p.cmd.Process.Kill() } // an ended one needs none

// outcome returns the result of a child that has ended.
func (p *process) outcome(ctx context.Context, died, unfed error, answered <-chan answer) (extract.Document, error) {
	if ctx.Err() != nil {
		return extract.Document{}, fmt.Errorf("isolate: %w", ctx.Err())
	}
	if unfed != nil {
		return extract.Document{}, fmt.Errorf("isolate: get the document: %w", unfed)
	}
	select {
	case a := <-answered:
		return a.result()
	default:
	}
	used := p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
	cause := fmt.Errorf("the reader ended after %v of computing (%w): %s", used.Round(time.Millisecond), died, p.errs.text())
	switch {
	case p.overfull.Load():
		return extract.Document{}, extract.TooHeavy(cause)
	case used > p.limits.CPU-p.limits.CPU/10:
		return extract.Document{}, extract.TooSlow(cause)
	case p.overdue.Load() && used < p.limits.CPU/2:
		return extract.Document{}, fmt.Errorf("isolate: the machine is too busy: %w", cause)
	case p.overdue.Load():
		return extract.Document{}, extract.TooSlow(cause)
	}
	return extract.Document{}, extract.TooHeavy(cause)
}

// tail keeps the end of a reader's error output.
type tail struct{ kept []byte }

const mostKept = 2 << 10

// Write never fails.
func (t *tail) Write(text []byte) (int, error) {
	t.kept = append(t.kept, text...)
	t.kept = t.kept[max(0, len(t.kept)-mostKept):]
	return len(text), nil
}

func (t *tail) text() string { return string(bytes.TrimSpace(t.kept)) }
