package llama

import (
	"strings"
	"unicode/utf8"
)

// output emits text as soon as it is certain: whole characters, and nothing that may be the
// beginning of a stop text.
type output struct {
	stops   []string
	emit    func(text string) error
	bytes   []byte // of an incomplete character
	pending string // may begin a stop text
}

// add appends the bytes of one token and reports whether a stop text came.
func (o *output) add(piece []byte) (stopped bool, err error) {
	o.bytes = append(o.bytes, piece...)
	n := len(o.bytes) - broken(o.bytes)
	o.pending += strings.ToValidUTF8(string(o.bytes[:n]), "\uFFFD")
	o.bytes = append(o.bytes[:0], o.bytes[n:]...)
	if at := firstOf(o.pending, o.stops); at >= 0 {
		return true, o.send(at)
	}
	return false, o.send(len(o.pending) - stopPrefix(o.pending, o.stops))
}

// finish emits the text that was kept back.
func (o *output) finish() error {
	o.pending += strings.ToValidUTF8(string(o.bytes), "\uFFFD")
	return o.send(len(o.pending))
}

func (o *output) send(n int) error {
	text := o.pending[:n]
	o.pending = o.pending[n:]
	if text == "" {
		return nil
	}
	return o.emit(text)
}

// broken returns the length of an incomplete character at the end of b.
func broken(b []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(b); n++ {
		if tail := b[len(b)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				return 0
			}
			return n
		}
	}
	return 0
}

// firstOf returns where the first stop text begins, or -1.
func firstOf(text string, stops []string) int {
	first := -1
	for _, s := range stops {
		if at := strings.Index(text, s); s != "" && at >= 0 && (first < 0 || at < first) {
			first = at
		}
	}
	return first
}

// stopPrefix returns the length of the longest end of text that begins a stop text.
func stopPrefix(text string, stops []string) int {
	longest := 0
	for _, s := range stops {
		for n := min(len(s)-1, len(text)); n > longest; n-- {
			if strings.HasSuffix(text, s[:n]) {
				longest = n
			}
		}
	}
	return longest
}
