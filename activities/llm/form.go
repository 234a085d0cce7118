package llm

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	texts "github.com/lyoapp/lyo/models/text"
)

//go:embed schemas/*.json
var schemaFiles embed.FS

// form is the shape of a JSON answer. schema is sent exactly as in its file, because
// servers write the properties in its order: an explanation before the answer it leads to.
type form struct {
	name     string
	schema   json.RawMessage
	compiled *jsonschema.Schema
}

// mostQuestions is the largest number of questions of a quiz.
const mostQuestions = 5

// exactForm returns the name of the form of an answer with exactly n items.
func exactForm(name string, n int) string { return fmt.Sprintf("%s-%d", name, n) }

// loadForms returns the forms, which are read-only: every schema, and of solve one for each
// number of questions, of curate for each number of items. Loading is slow, so it is done once.
var loadForms = sync.OnceValue(func() map[string]*form {
	forms := map[string]*form{}
	for _, name := range []string{"outline", "outline-small", "practice", "practice-small", "questions", "summary"} {
		forms[name] = newForm(name, readSchema(name))
	}
	for name, most := range map[string]int{"curate": MostCurated, "solve": mostQuestions} {
		schema := string(readSchema(name))
		for n := 1; n <= most; n++ {
			exactly := strings.NewReplacer(`"minItems": 1`, fmt.Sprintf(`"minItems": %d`, n), fmt.Sprintf(`"maxItems": %d`, most), fmt.Sprintf(`"maxItems": %d`, n))
			forms[exactForm(name, n)] = newForm(exactForm(name, n), []byte(exactly.Replace(schema)))
		}
	}
	return forms
})

// readSchema panics on a missing schema: the schemas are part of the program.
func readSchema(name string) []byte {
	raw, err := schemaFiles.ReadFile("schemas/" + name + ".json")
	if err != nil {
		panic(err)
	}
	return raw
}

// newForm panics on a broken schema.
func newForm(name string, raw []byte) *form {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource(name, doc); err != nil {
		panic(err)
	}
	return &form{name: name, schema: raw, compiled: compiler.MustCompile(name)}
}

// parse finds the one JSON object of this form in text, whatever words and fences surround it, and
// decodes it into value. The returned problems are worded for a repair by the model; none means that
// value is filled.
func (f *form) parse(text string, value any) []string {
	found, whole := objectsIn(text)
	var fits []any
	problems := []string{"it is not one JSON object and nothing else"}
	for i, doc := range found {
		harmed := damaged(doc)
		doc = plain(doc)
		err := f.compiled.Validate(doc)
		switch {
		case err == nil && harmed:
			problems = []string{damage}
		case err == nil && !slices.ContainsFunc(fits, func(other any) bool { return reflect.DeepEqual(other, doc) }):
			fits = append(fits, doc)
		case err != nil && whole && i == 0:
			problems = schemaProblems(err)
		}
	}
	switch len(fits) {
	case 0:
		return problems
	case 1:
		return decode(fits[0], value)
	default:
		return []string{"it has several JSON objects; send exactly one"}
	}
}

func decode(doc, value any) []string {
	text, err := json.Marshal(doc)
	if err != nil {
		return []string{"it cannot be read as JSON"}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(value)
	if mismatch := new(json.UnmarshalTypeError); errors.As(err, &mismatch) {
		return []string{mismatch.Field + " has the wrong type"}
	}
	if err != nil {
		return []string{"a field is unknown or has the wrong type"}
	}
	return nil
}

// mostObjects bounds the search for objects among words.
const mostObjects = 64

// objectsIn returns the outermost JSON objects in text. whole reports that no brace before the first of
// them begins something that is none, so that its faults are those of the answer.
func objectsIn(text string) (found []any, whole bool) {
	whole = true
	for range mostObjects {
		at := strings.IndexByte(text, '{')
		if at < 0 {
			break
		}
		text = text[at:]
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.UseNumber()
		var doc map[string]any
		if err := decoder.Decode(&doc); err != nil {
			whole = whole && len(found) > 0
			text = text[1:]
			continue
		}
		found = append(found, doc)
		text = text[decoder.InputOffset():]
	}
	return found, whole
}

// plain returns a JSON value whose whole numbers are written as such (JSON Schema takes 2.0 for an
// integer, and Go does not) and whose texts are clean.
func plain(doc any) any {
	switch v := doc.(type) {
	case map[string]any:
		for key, each := range v {
			v[key] = plain(each)
		}
	case []any:
		for i, each := range v {
			v[i] = plain(each)
		}
	case string:
		return texts.Clean(v)
	case json.Number:
		if n, err := v.Float64(); err == nil && n == math.Trunc(n) && math.Abs(n) < 1e15 {
			return json.Number(strconv.FormatInt(int64(n), 10))
		}
	}
	return doc
}

// damaged reports whether a text of a JSON value is: escapes such as \ud83d alone are only known by then.
func damaged(doc any) bool {
	switch v := doc.(type) {
	case map[string]any:
		for _, each := range v {
			if damaged(each) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, damaged)
	case string:
		return texts.Damaged(v)
	}
	return false
}

// maxProblems keeps a repair turn short: a model corrects few things at a time.
const maxProblems = 6

func schemaProblems(err error) []string {
	var invalid *jsonschema.ValidationError
	if !errors.As(err, &invalid) {
		return []string{"it does not match the schema"}
	}
	var problems []string
	for _, unit := range invalid.BasicOutput().Errors {
		if unit.Error == nil || len(problems) == maxProblems {
			continue
		}
		at := strings.ReplaceAll(strings.TrimPrefix(unit.InstanceLocation, "/"), "/", ".")
		if at == "" {
			at = "the object"
		}
		problems = append(problems, fmt.Sprintf("%s: %s", at, head(unit.Error.String(), 120)))
	}
	return problems
}
