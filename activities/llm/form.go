package llm

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
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

// parse decodes text as exactly one JSON object of this form into value. The returned
// problems are worded for a repair by the model; none means that value is filled.
func (f *form) parse(text string, value any) []string {
	text = unfence(text)
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		return []string{"it is not one JSON object and nothing else"}
	}
	if _, ok := doc.(map[string]any); !ok {
		return []string{"it is not a JSON object"}
	}
	if err := f.compiled.Validate(doc); err != nil {
		return schemaProblems(err)
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return []string{"a field has the wrong type"}
	}
	return nil
}

// unfence removes the code fence that models like to put around JSON.
func unfence(text string) string {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\uFEFF"))
	opening, rest, found := strings.Cut(text, "\n")
	if !found || !strings.HasPrefix(opening, "```") {
		return text
	}
	body, closed := strings.CutSuffix(rest, "```")
	if !closed {
		return text
	}
	return strings.TrimSpace(body)
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
