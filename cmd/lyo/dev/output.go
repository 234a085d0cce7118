package dev

import (
	"fmt"
	"io"
	"sync"
)

// output merges the lines of all parts; each line is one Write.
type output struct {
	mu    sync.Mutex
	to    io.Writer
	color bool
}

// named returns a writer that prefixes every line with the part's name. It expects whole lines, as
// local.LineWriter writes them.
func (o *output) named(name string) io.Writer { return prefixed{o, o.prefix(name)} }

func (o *output) prefix(name string) string {
	if !o.color {
		return fmt.Sprintf("%-8s | ", name)
	}
	colors := map[string]int{"lyo": 37, "postgres": 34, "redis": 31, "temporal": 35, "migrate": 33, "api": 32, "worker": 36}
	return fmt.Sprintf("\x1b[%dm%-8s |\x1b[0m ", colors[name], name)
}

// plain writes text unchanged.
func (o *output) plain(text string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// A closed terminal must not end a server.
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
