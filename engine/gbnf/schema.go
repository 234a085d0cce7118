package gbnf

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Limits of a schema, which comes from clients.
const (
	maxSchema = 64 << 10 // bytes
	maxDepth  = 16
	maxRepeat = 400 // characters of a string, items of an array: llama.cpp fails at 2000
)

// Error is what in a schema cannot be converted to a grammar, and where.
type Error struct {
	Path   string // as /properties/title; empty: the schema itself
	Reason string
}

// Error returns one line for the schema's author.
func (e *Error) Error() string {
	if e.Path == "" {
		return "the schema " + e.Reason
	}
	return "the schema at " + e.Path + " " + e.Reason
}

func refuse(path, format string, args ...any) error {
	return &Error{path, fmt.Sprintf(format, args...)}
}

// object is a JSON object that keeps the order of its fields.
type object []field

type field struct {
	name  string
	value any // object, []any, string, json.Number, bool or nil
}

func (o object) get(name string) (any, bool) {
	for _, f := range o {
		if f.name == name {
			return f.value, true
		}
	}
	return nil, false
}

// parse reads exactly one JSON value.
func parse(text []byte) (any, error) {
	if len(text) > maxSchema {
		return nil, refuse("", "has more than %d bytes", maxSchema)
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	v, err := value(in, "", 0)
	if err != nil {
		if own, ok := errors.AsType[*Error](err); ok {
			return nil, own
		}
		return nil, refuse("", "is no JSON: %v", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, refuse("", "is followed by something else")
	}
	return v, nil
}

func value(in *json.Decoder, path string, depth int) (any, error) {
	if depth > 4*maxDepth {
		return nil, refuse("", "nests too deeply")
	}
	token, err := in.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return fields(in, path, depth)
	case json.Delim('['):
		items := []any{}
		for in.More() {
			v, err := value(in, path, depth+1)
			if err != nil {
				return nil, err
			}
			items = append(items, v)
		}
		_, err := in.Token()
		return items, err
	default:
		return token, nil
	}
}

func fields(in *json.Decoder, path string, depth int) (any, error) {
	var o object
	for in.More() {
		name, err := in.Token()
		if err != nil {
			return nil, err
		}
		f := field{name: name.(string)} //nolint:errcheck // the decoder lets nothing else pass
		if _, twice := o.get(f.name); twice {
			return nil, refuse(path, "names %q twice", f.name)
		}
		if f.value, err = value(in, path+"/"+f.name, depth+1); err != nil {
			return nil, err
		}
		o = append(o, f)
	}
	_, err := in.Token()
	return o, err
}
