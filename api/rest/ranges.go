package rest

import (
	"fmt"
	"strconv"
	"strings"
)

// ByteRange is a part of a file, from First up to, not including, End.
type ByteRange struct {
	First, End int64
	Partial    bool // it was asked for
}

// ParseRange returns the part of a file of that size that a Range field asks for. What is not one range of bytes is
// ignored, as HTTP allows: the whole is sent. The error is the problem of a range behind the end.
func ParseRange(field string, size int64) (ByteRange, error) {
	whole := ByteRange{End: size}
	unit, spec, ok := strings.Cut(field, "=")
	first, last, isRange := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !isRange || !strings.EqualFold(strings.TrimSpace(unit), "bytes") || first == "" && last == "" {
		return whole, nil
	}
	part := ByteRange{End: size, Partial: true}
	if first == "" { // the last bytes
		n, ok := position(last)
		if !ok {
			return whole, nil
		}
		part.First = max(size-n, 0)
		if n == 0 {
			return whole, unsatisfiable(size)
		}
		return part, nil
	}
	var valid bool
	if part.First, valid = position(first); !valid {
		return whole, nil
	}
	if last != "" {
		end, ok := position(last)
		if !ok || end < part.First {
			return whole, nil
		}
		part.End = min(end, size-1) + 1
	}
	if part.First >= size {
		return whole, unsatisfiable(size)
	}
	return part, nil
}

// position reads digits. More than an int64 holds are behind every end.
func position(digits string) (n int64, ok bool) {
	if digits == "" || strings.Trim(digits, "0123456789") != "" {
		return 0, false
	}
	n, _ = strconv.ParseInt(digits, 10, 64) // out of range gives the largest
	return n, true
}

func unsatisfiable(size int64) error {
	p := NewProblem(SlugRange, fmt.Sprintf("The range begins behind the end: there are %d bytes.", size))
	p.contentRange = fmt.Sprintf("bytes */%d", size)
	return p
}
