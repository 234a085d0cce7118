package dev

import (
	"fmt"
	"io"
	"sync"
)

// output is the one place where lines of all parts meet; each line is one Write.
type output struct {
	mu    sync.Mutex
	to    io.Writer
	color bool
}

// named puts the part's name before every line. It expects whole lines, which is
// what local.LineWriter writes.
func (o *output) named(name string) io.Writer { return prefixed{o, o.prefix(name)} }

func (o *output) prefix(name string) string {
	if !o.color {
		return fmt.Sprintf("%-8s | ", name)
	}
	colors := map[string]int{"lyo": 37, "postgres": 34, "redis": 31, "temporal": 35, "migrate": 33, "api": 32, "worker": 36}
	return fmt.Sprintf("\x1b[%dm%-8s |\x1b[0m ", colors[name], name)
}

// plain writes text as it is.
func (o *output) plain(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// A closed terminal is no reason to end a server.
	_, _ = io.WriteString(o.to, text)
}

type prefixed struct {
	out    *output
	prefix string
}

// Write never fails.
func (p prefixed) Write(line []byte) (int, error) {
	p.out.plain(p.prefix + string(line))
	return len(line), nil
}
