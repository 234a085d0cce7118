package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// report runs a benchmark and prints its page; with options.write it is also written
// there, once it is complete.
func (b benchmark) report(ctx context.Context, o options) error {
	var page bytes.Buffer
	printed := o
	printed.out = io.MultiWriter(o.out, &page)
	printed.found = &findings{}
	fmt.Fprintf(printed.out, "\n## %s\n\n", b.title)
	b.printAims(printed.out)
	if err := b.run(ctx, printed); err != nil {
		return err
	}
	printed.found.end(printed.out)
	if err := o.keepResults(ctx, b.name, printed.found); err != nil {
		return err
	}
	if o.write == "" {
		return nil
	}
	var head bytes.Buffer
	kept := o
	kept.out = &head
	fmt.Fprintf(&head, "# %s\n\nWritten by `make bench`. ", b.title)
	heading(ctx, kept)
	body := bytes.TrimPrefix(page.Bytes(), fmt.Appendf(nil, "\n## %s\n", b.title))
	return keep(o, b.name+".md", append(head.Bytes(), body...))
}

// keepResults writes the figures of a benchmark to the state directory, as JSON.
func (o options) keepResults(ctx context.Context, name string, found *findings) error {
	text, err := json.MarshalIndent(map[string]any{
		"benchmark": name, "commit": commit(ctx), "at": time.Now().UTC(), "processor": processor(), "cores": runtime.NumCPU(),
		"load": atLoad(), "results": found.results, "reached": found.sayings,
	}, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the results: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.state, "bench", name+".json"), append(text, '\n'), 0o644); err != nil { //nolint:gosec // results are for everybody
		return fmt.Errorf("keep the results: %w", err)
	}
	return nil
}

// keep writes a file of the report.
func keep(o options, name string, content []byte) error {
	if err := os.MkdirAll(o.write, 0o755); err != nil { //nolint:gosec // a report is for everybody
		return fmt.Errorf("make the folder for the report: %w", err)
	}
	if err := os.WriteFile(filepath.Join(o.write, name), content, 0o644); err != nil { //nolint:gosec // as above
		return fmt.Errorf("keep the report: %w", err)
	}
	return nil
}

// plot writes a chart beside the page and embeds it. Without a report there is none.
func plot(o options, name string, c chart) error {
	if o.write == "" {
		return nil
	}
	fmt.Fprintf(o.out, "\n![%s](%s.svg)\n", c.title, name)
	return keep(o, name+".svg", c.svg())
}
