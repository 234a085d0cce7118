package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/lyoapp/lyo/models/store"
)

const (
	// maxDepth is the maximum nesting of objects and arrays.
	maxDepth = 32
	// maxValues is the maximum number of values, which no body of the usual size can reach. Each costs many
	// times its size in memory.
	maxValues = MaxBody / 2
	noNUL     = "must not contain the character NUL"
)

// screen reads a JSON text before any schema does. It refuses input that readers interpret differently
// (broken UTF-8, duplicate names), nesting deeper than maxDepth, more than maxValues, numbers beyond float64, and NUL,
// which Postgres cannot store. It returns the body with texts in their stored form, and the texts that
// violate their rule, which are reported together with the schema's faults.
func screen(body []byte, rules *textRules) (stored []byte, faults []store.Field, err error) {
	if !utf8.Valid(body) {
		return nil, nil, Malformed("The body is not UTF-8.")
	}
	w := walker{dec: json.NewDecoder(bytes.NewReader(body))}
	w.dec.UseNumber()
	if err := w.value(nil, rules); err != nil {
		return nil, nil, err
	}
	if w.dec.More() || w.dec.InputOffset() < int64(len(bytes.TrimRight(body, " \t\r\n"))) {
		return nil, nil, Malformed("Something follows the JSON value in the body.")
	}
	if len(w.faults) > 0 {
		return nil, nil, invalid(w.faults)
	}
	if w.changed {
		body, err = rules.rewritten(body)
	}
	return body, w.broken, err
}

// invalid returns an Invalid error with the violated rules.
func invalid(faults []store.Field) error {
	fault := store.Errorf(store.Invalid, "The request breaks one or more rules.")
	fault.Fields = faults
	return fault
}

type walker struct {
	dec     *json.Decoder
	faults  []store.Field // what cannot be kept
	broken  []store.Field // values that break their rule
	changed bool          // a value is read otherwise than it came
	values  int           // read so far
}

func (w *walker) token() (json.Token, error) {
	token, err := w.dec.Token()
	if err != nil {
		return nil, Malformed("The body is not valid JSON.")
	}
	return token, nil
}

func (w *walker) value(at []string, rules *textRules) error {
	token, err := w.token()
	if err != nil {
		return err
	}
	if w.values++; w.values > maxValues {
		return Malformed("The JSON in the body has too many values.")
	}
	switch t := token.(type) {
	case string:
		w.text(t, at)
		stored, err := rules.apply(t)
		if err != nil {
			w.broken = fault(w.broken, at, err.Error())
		} else if stored != t {
			w.changed = true
		}
	case nil:
		if rules != nil && rules.needed {
			w.broken = fault(w.broken, at, "must not be null")
		}
		w.changed = w.changed || rules.cleared()
	case json.Number:
		if _, err := t.Float64(); err != nil {
			w.faults = fault(w.faults, at, "is out of range")
		}
		w.changed = w.changed || rules.number(t) != t
	case json.Delim:
		if len(at) >= maxDepth {
			return Malformed("The JSON in the body is nested too deeply.")
		}
		if t == '{' {
			return w.object(at, rules)
		}
		return w.array(at, rules)
	}
	return nil
}

func (w *walker) object(at []string, rules *textRules) error {
	seen := map[string]bool{}
	for w.dec.More() {
		token, err := w.token()
		if err != nil {
			return err
		}
		name, _ := token.(string) // the decoder lets nothing else stand there
		// Names are matched case-insensitively later, so a name that differs only in case would bypass
		// the check of the other.
		composed := norm.NFC.String(name)
		w.changed = w.changed || composed != name
		folded := foldName(composed)
		if seen[folded] {
			return Malformed("The JSON in the body gives a name twice.")
		}
		seen[folded] = true
		w.text(name, at)
		if err := w.value(append(at, name), rules.member(name)); err != nil {
			return err
		}
	}
	_, err := w.token()
	return err
}

func (w *walker) array(at []string, rules *textRules) error {
	for i := 0; w.dec.More(); i++ {
		if err := w.value(append(at, strconv.Itoa(i)), rules.at()); err != nil {
			return err
		}
	}
	_, err := w.token()
	return err
}

func (w *walker) text(text string, at []string) {
	if strings.ContainsRune(text, 0) {
		w.faults = fault(w.faults, at, noNUL)
	}
}

// fault adds a fault, up to a hundred.
func fault(faults []store.Field, at []string, message string) []store.Field {
	if len(faults) < 100 {
		faults = append(faults, store.Field{Pointer: pointerTo(slices.Values(at)), Location: "body", Message: message})
	}
	return faults
}

// DecodeJSON is json.Unmarshal with errors that name a field and no value.
func DecodeJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if misfit, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return UnfitError("/" + strings.ReplaceAll(misfit.Field, ".", "/"))
	}
	return err
}

// UnfitError is the pointer to a value that does not fit its field.
type UnfitError string

func (e UnfitError) Error() string { return unfit + e.Pointer() }

// Pointer returns the RFC 6901 pointer to the value.
func (e UnfitError) Pointer() string { return strings.TrimSuffix(string(e), "/") }
