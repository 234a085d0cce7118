package local

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// StatusLine is a terminal whose last line says how far long work is, below the lines that are written.
// It is safe for concurrent use.
type StatusLine struct {
	mu   sync.Mutex
	to   io.Writer
	text string
}

// NewStatusLine returns a status line on a terminal.
func NewStatusLine(terminal io.Writer) *StatusLine { return &StatusLine{to: terminal} }

const clearLine = "\r\x1b[K"

// Write writes whole lines above the status. It never fails.
func (s *StatusLine) Write(lines []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := string(lines)
	if s.text != "" {
		text = clearLine + text + s.text
	}
	_, _ = io.WriteString(s.to, text)
	return len(lines), nil
}

// Set replaces the status; empty text removes it.
func (s *StatusLine) Set(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if width := s.width(); len(text) >= width {
		text = strings.ToValidUTF8(text[:width-1], "")
	}
	s.text = text
	_, _ = io.WriteString(s.to, clearLine+text)
}

func (s *StatusLine) width() int {
	if file, ok := s.to.(*os.File); ok {
		if width, _, err := term.GetSize(int(file.Fd())); err == nil && width > 1 {
			return width
		}
	}
	return 80
}

// report does work and says how far it is, as detail describes it: in the status line, or else in a line now and then.
func (f Finder) report(what string, detail func() string, work func() error) error {
	begin := time.Now()
	every, tell := reportEvery, func(text string) { sayf(f.Out, "still %s", text) }
	if f.Status != nil {
		every, tell = time.Second/4, f.Status
		defer f.Status("")
	}
	ended := make(chan error, 1)
	go func() { ended <- work() }()
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case err := <-ended:
			return err
		case <-ticker.C:
			tell(strings.TrimSuffix(fmt.Sprintf("%s: %s, %s", what, time.Since(begin).Round(time.Second), detail()), ", "))
		}
	}
}

// sizeOf returns a detail of report: how much has arrived in a folder.
func sizeOf(dir string) func() string {
	return func() string {
		var size int64
		_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Type().IsRegular() {
				if info, err := entry.Info(); err == nil {
					size += info.Size()
				}
			}
			return nil // files come and go meanwhile
		})
		return megabytes(size)
	}
}

// bar draws how much of a whole is there; without a known whole, only how much.
func bar(done, whole int64) string {
	const width = 20
	if whole <= 0 || done > whole {
		return megabytes(done)
	}
	full := int(done * width / whole)
	return fmt.Sprintf("[%s%s] %s of %s", strings.Repeat("=", full), strings.Repeat(" ", width-full), megabytes(done), megabytes(whole))
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }
