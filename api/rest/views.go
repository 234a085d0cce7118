package rest

import (
	"time"

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
