package main

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress returns a function that shows progress: a bar on a terminal, elsewhere a line for every
// 10 %. It must be called from one goroutine.
func (m *modelWork) progress(what string) func(done, total int64) {
	if m.terminal(m.errs) {
		return m.bar(what)
	}
	said := int64(0)
	return func(done, total int64) {
		if total <= 0 {
			return
		}
		tenth := done * 10 / total
		if tenth > said {
			fmt.Fprintf(m.errs, "lyo: %s: %d%% of %s\n", what, tenth*10, megabytes(total))
		}
		said = tenth
	}
}

func (m *modelWork) bar(what string) func(done, total int64) {
	var bar *progressbar.ProgressBar
	return func(done, total int64) {
		if bar == nil {
			bar = progressbar.NewOptions64(total,
				progressbar.OptionSetWriter(m.errs),
				progressbar.OptionSetDescription(what),
				progressbar.OptionShowBytes(true),
				progressbar.OptionShowTotalBytes(true),
				progressbar.OptionThrottle(100*time.Millisecond),
				progressbar.OptionOnCompletion(func() { fmt.Fprintln(m.errs) }),
			)
		}
		_ = bar.Set64(done) // a failure to draw is ignored
	}
}
