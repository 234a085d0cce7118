package store

import (
	"database/sql/driver"
	"encoding/json"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgtype"
)

// IDList is ids as one argument of SQL, so that a statement is the same however many there are.
func IDList(ids []uuid.UUID) Words {
	words := make(Words, len(ids))
	for i, id := range ids {
		words[i] = id.String()
	}
	return words
}

// OrEmpty returns the values, and an empty slice for nil: a column that is not null.
func OrEmpty[T any](values []T) []T {
	if values == nil {
		return []T{}
	}
	return values
}

// LikeEscaper makes LIKE take a learner's words literally.
var LikeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// Words is a Postgres array of texts.
type Words []string

// arrayReaders are kept, since each knows all types and how to read them.
var arrayReaders = sync.Pool{New: func() any { return pgtype.NewMap() }}

// Scan reads what the driver gives.
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

// AsJSON returns a value for a jsonb column of a partial update. Ours always marshal.
func AsJSON(v any) string {
	text, _ := json.Marshal(v) //nolint:errchkjson // plain structs, maps and strings
	return string(text)
}
