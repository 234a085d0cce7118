package gbnf

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// widest is the largest integer that is written, and with its minus sign the smallest.
const widest = 999_999_999_999_999

func (c *converter) integer(o object, path string) (expr, error) {
	if err := only(o, path, "type", "minimum", "maximum"); err != nil {
		return nil, err
	}
	low, err := bound(o, path, "minimum", -widest)
	if err != nil {
		return nil, err
	}
	high, err := bound(o, path, "maximum", widest)
	if err != nil {
		return nil, err
	}
	if low > high {
		return nil, refuse(path, "has minimum above maximum")
	}
	return c.fresh("integer", between(low, high)), nil
}

func bound(o object, path, name string, otherwise int64) (int64, error) {
	v, ok := o.get(name)
	if !ok {
		return otherwise, nil
	}
	n, err := integral(v)
	if err != nil || n < -widest || n > widest {
		return 0, refuse(path, "has a %s that is no integer of at most 15 digits", name)
	}
	return n, nil
}

var errNotIntegral = errors.New("no integer")

func integral(v any) (int64, error) {
	n, ok := v.(json.Number)
	if !ok {
		return 0, errNotIntegral
	}
	return n.Int64()
}

// between matches the integers from low to high.
func between(low, high int64) expr {
	var all choice
	if low < 0 {
		var negative choice
		for _, s := range spans(max(-high, 1), -low) {
			negative = append(negative, s)
		}
		all = append(all, sequence{literal("-"), negative})
	}
	if high >= 0 {
		for _, s := range spans(max(low, 0), high) {
			all = append(all, s)
		}
	}
	return all
}

// spans cuts the numbers from low to high, none negative, into patterns of digits.
func spans(low, high int64) []sequence {
	var out []sequence
	for n := len(strconv.FormatInt(low, 10)); n <= len(strconv.FormatInt(high, 10)); n++ {
		first, last := power(n-1), power(n)-1
		if n == 1 {
			first = 0
		}
		out = append(out, digits(fmt.Sprint(max(low, first)), fmt.Sprint(min(high, last)))...)
	}
	return out
}

func power(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}

// digits does the same for numbers of equal length.
func digits(low, high string) []sequence {
	if low == "" {
		return []sequence{{}}
	}
	if low[0] == high[0] {
		return after(low[0], low[0], digits(low[1:], high[1:]))
	}
	rest := len(low) - 1
	zeros, nines := strings.Repeat("0", rest), strings.Repeat("9", rest)
	var out []sequence
	from, to := low[0], high[0]
	if low[1:] != zeros {
		out = append(out, after(from, from, digits(low[1:], nines))...)
		from++
	}
	var last []sequence
	if high[1:] != nines {
		last = after(to, to, digits(zeros, high[1:]))
		to--
	}
	if from <= to {
		tail := sequence{}
		if rest > 0 {
			tail = sequence{repeat{class("0-9"), rest, rest}}
		}
		out = append(out, after(from, to, []sequence{tail})...)
	}
	return append(out, last...)
}

// after puts a digit from low to high before each of list.
func after(low, high byte, list []sequence) []sequence {
	var digit expr = class(string(low) + "-" + string(high))
	if low == high {
		digit = literal(string(low))
	}
	out := make([]sequence, len(list))
	for i, s := range list {
		out[i] = append(sequence{digit}, s...)
	}
	return out
}
