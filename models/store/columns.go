package store

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// IDList returns ids as one SQL argument, so that a statement is the same for any number of them.
func IDList(ids []uuid.UUID) Words {
	words := make(Words, len(ids))
	for i, id := range ids {
		words[i] = id.String()
	}
	return words
}

// OrEmpty returns the values, and an empty slice for nil, for a column that is not null.
func OrEmpty[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// LikeEscaper makes LIKE match a learner's words literally.
var LikeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Words is a Postgres array of texts.
type Words []string

// arrayReaders are pooled, since each registers all types and their codecs.
var arrayReaders = sync.Pool{New: func() any { return pgtype.NewMap() }}

// Scan reads the driver's value.
func (w *Words) Scan(value any) error {
	reader := arrayReaders.Get().(*pgtype.Map) //nolint:forcetypeassert,errcheck // nothing else is in there
	defer arrayReaders.Put(reader)
	return reader.SQLScanner((*[]string)(w)).Scan(value)
}

var inQuotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// Value writes an array literal.
func (w Words) Value() (driver.Value, error) {
	quoted := make([]string, len(w))
	for i, word := range w {
		quoted[i] = `"` + inQuotes.Replace(word) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}", nil
}

// AsJSON returns a value for a jsonb column of a partial update. The types in use always marshal.
func AsJSON(v any) string {
	text, _ := json.Marshal(v) //nolint:errchkjson // plain structs, maps and strings
	return string(text)
}
