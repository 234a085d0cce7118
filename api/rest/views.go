package rest

import (
	"bytes"
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	texts "github.com/lyoapp/lyo/models/text"
)

// PathID is the input of an operation on the resource whose id is the path parameter {id}.
type PathID struct {
	ID uuid.UUID `path:"id" format:"uuid"`
}

// TextOf returns the trimmed text of an optional field, "" for none.
func TextOf(s *string) string {
	if s == nil {
		return ""
	}
	return texts.Trim(*s)
}

// ListOf returns an empty list for nil, as JSON clients expect.
func ListOf[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// UTC returns the time in UTC, nil for none.
func UTC(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	u := t.UTC()
	return &u
}

// JSON is a value of type T that is encoded already, such as by Postgres.
type JSON[T any] json.RawMessage

// Encode returns an encoded value, which must marshal.
func Encode[T any](value T) JSON[T] {
	var text bytes.Buffer
	if err := writeJSON(&text, value); err != nil {
		panic("api: representation does not marshal: " + err.Error())
	}
	return text.Bytes()
}

// MarshalJSON returns the encoded value, and without one an empty list or object.
func (j JSON[T]) MarshalJSON() ([]byte, error) {
	switch {
	case len(j) > 0:
		return j, nil
	case reflect.TypeFor[T]().Kind() == reflect.Slice:
		return []byte("[]"), nil
	}
	return []byte("{}"), nil
}

// Schema returns the schema of T.
func (JSON[T]) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[T]())
}
