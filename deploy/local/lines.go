package local

import (
	"bytes"
	"io"
	"slices"
	"sync"
)

const (
	tailLines = 30
	lineLimit = 64 << 10 // a longer line is cut into pieces
)

// LineWriter passes whole lines on, one Write each, and stores the last 30.
// It is safe for concurrent use and never fails, so that a full pipe or a closed
// terminal cannot stop a server.
type LineWriter struct {
	mu   sync.Mutex
	out  io.Writer
	show func(string) bool
	part []byte
	tail []string
}

// NewLineWriter returns a writer that passes lines on to out (nil: none) if show (nil: always)
// returns true.
func NewLineWriter(out io.Writer, show func(string) bool) *LineWriter {
	return &LineWriter{out: out, show: show}
}

// Write accepts any piece of text; the error is always nil.
func (w *LineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.part = append(w.part, p...)
	for {
		line, rest, found := bytes.Cut(w.part, []byte("\n"))
		if !found && len(w.part) < lineLimit {
			return len(p), nil
		}
		w.emit(string(bytes.TrimRight(line, "\r")))
		w.part = slices.Clone(rest)
	}
}

// Flush passes an unfinished last line on.
func (w *LineWriter) Flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.part) > 0 {
		w.emit(string(w.part))
		w.part = nil
	}
}

// Tail returns the last lines, oldest first, including lines that were not shown.
func (w *LineWriter) Tail() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.tail)
}

func (w *LineWriter) emit(line string) {
	if w.tail = append(w.tail, line); len(w.tail) > tailLines {
		w.tail = w.tail[1:]
	}
	if w.out != nil && (w.show == nil || w.show(line)) {
		_, _ = io.WriteString(w.out, line+"\n")
	}
}
