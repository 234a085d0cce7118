package store

import (
	"bytes"
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
func (w Words) Value() (driver.Value, error) { return w.Literal(), nil }

// Literal returns the array as Postgres writes it.
func (w Words) Literal() string {
	quoted := make([]string, len(w))
	for i, word := range w {
		quoted[i] = `"` + inQuotes.Replace(word) + `"`
	}
	return "{" + strings.Join(quoted, ",") + "}"
}

// AsJSON returns a value for a jsonb column of a partial update. The types in use always marshal.
func AsJSON(v any) string {
	text, _ := json.Marshal(v) //nolint:errchkjson // plain structs, maps and strings
	return string(text)
}

// Object is a JSON object that clients fill. Its whole numbers keep all their digits, in requests, columns
// and answers: those that a float64 may not hold are json.Number, all other numbers are float64.
type Object map[string]any

// UnmarshalJSON reads an object, or null.
func (o *Object) UnmarshalJSON(data []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var members map[string]any
	err := decoder.Decode(&members)
	for name, value := range members {
		members[name] = exact(value)
	}
	*o = members
	return err
}

// floatDigits are as many digits as a float64 holds of every whole number.
const floatDigits = 15

func exact(value any) any {
	switch v := value.(type) {
	case json.Number:
		if len(v) > floatDigits && !strings.ContainsAny(v.String(), ".eE") {
			return v
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
	case []any:
		for i := range v {
			v[i] = exact(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = exact(v[name])
		}
	}
	return value
}
