package rest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
)

const componentsPrefix = "#/components/schemas/"

// Example is what a client can send to an operation as it is.
type Example struct {
	Body       string            // JSON
	Parameters map[string]string // by name, for those that a request needs
}

// Documented is a type that completes its schema in the document. What validates requests stays.
type Documented interface{ Document(schema map[string]any) }

// documents are the OpenAPI document and the same for older generators.
type documents struct{ current, older []byte }

// buildDocuments builds the documents that /openapi.json and /openapi-3.0.json send. They are made of a
// copy, since Huma validates requests with the schemas of the original: the published ones say more
// precisely what is refused anyway, and leave out what only existing clients use.
func (a *API) buildDocuments() (built documents, err error) {
	doc := a.huma.OpenAPI()
	text, err := json.Marshal(doc)
	if err != nil {
		return built, err
	}
	tree, err := readTree(text)
	if err != nil {
		return built, err
	}
	schemas := object(object(tree["components"])["schemas"])
	for name, schema := range schemas {
		if t := doc.Components.Schemas.TypeFromRef(componentsPrefix + name); t != nil {
			a.completeSchema(object(schema), t)
		}
	}
	tidy(tree)
	shareProblems(tree)
	for _, at := range operationsOf(tree) {
		if err := a.completeOperation(at); err != nil {
			return built, err
		}
	}
	if built.current, err = json.Marshal(tree); err != nil {
		return built, err
	}
	downgrade(tree)
	built.older, err = json.Marshal(tree)
	return built, err
}

// readTree parses JSON and keeps its numbers as they are written.
func readTree(text []byte) (tree map[string]any, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	return tree, dec.Decode(&tree)
}

func object(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// completeSchema adds what the fields of a component's type say and Huma does not read.
func (a *API) completeSchema(schema map[string]any, t reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	properties := object(schema["properties"])
	for _, field := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if property := object(properties[name]); property != nil {
			a.completeValue(property, field)
		}
	}
	if documented, ok := reflect.TypeAssert[Documented](reflect.New(t)); ok {
		documented.Document(schema)
	}
	dropRepeated(schema)
}

// completeValue adds the format of ids, the values of closed sets (the tag set), and the bounds that code
// keeps rather than the schema: least and most, in characters of a text, each, the most in those of a
// list's or a map's texts, and members, the most in an object.
func (a *API) completeValue(schema map[string]any, field reflect.StructField) {
	t, elements := field.Type, []map[string]any{}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	value := schema
	if t != reflect.TypeFor[uuid.UUID]() && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map) {
		for _, inner := range []string{"items", "additionalProperties"} {
			if element := object(schema[inner]); element != nil {
				elements, value = append(elements, element), element
			}
		}
		t = t.Elem()
	}
	if t == reflect.TypeFor[uuid.UUID]() {
		value["format"] = "uuid"
	}
	if name, _, _ := strings.Cut(field.Tag.Get("set"), ","); name != "" {
		value["enum"] = anyOf(a.set(name))
	}
	for tag, keyword := range map[string]string{"least": "minLength", "most": "maxLength", "members": "maxProperties"} {
		if bound := field.Tag.Get(tag); bound != "" {
			schema[keyword] = json.Number(bound)
		}
	}
	for _, element := range elements {
		if most := field.Tag.Get("each"); most != "" {
			element["maxLength"] = json.Number(most)
		}
	}
}

func anyOf(values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// set returns the values of a closed set. It panics at start for an unknown one.
func (a *API) set(name string) []string {
	values := a.options.Sets[name]
	if len(values) == 0 {
		panic("api: no set of values is called " + name)
	}
	return values
}

// dropRepeated leaves out members whose name is another's in another style, such as nextCursor beside
// next_cursor. They are in answers for existing clients, and generators take the two for one.
func dropRepeated(schema map[string]any) {
	properties := object(schema["properties"])
	first := map[string]string{}
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(properties))) { // snake_case comes after camelCase
		plain := strings.ToLower(strings.ReplaceAll(name, "_", ""))
		if first[plain] == "" {
			first[plain] = name
			continue
		}
		delete(properties, name)
		schema["required"] = slices.DeleteFunc(list(schema["required"]), func(v any) bool { return v == name })
	}
}

// tidy corrects what Huma writes of every schema in a tree.
func tidy(v any) {
	for _, element := range list(v) {
		tidy(element)
	}
	m := object(v)
	for _, member := range m {
		tidy(member)
	}
	types := list(m["type"])
	if slices.Contains(types, any("array")) {
		m["type"] = "array" // no list is null
	}
	if values := list(m["enum"]); slices.Contains(types, any("null")) && values != nil && !slices.Contains(values, nil) {
		m["enum"] = append(values, nil)
	}
	if more, ok := m["additionalProperties"]; ok && (more == true || len(object(more)) == 0) {
		// That further members are ignored goes without saying: it would make generators accept typing
		// errors. An object without named members is any object.
		delete(m, "additionalProperties")
		if m["properties"] == nil {
			m["additionalProperties"] = true
		}
	}
	if _, ok := m["patternDescription"].(string); ok {
		delete(m, "patternDescription") // Huma's own, for its messages
	}
}

// documentedOperation is an operation of the tree.
type documentedOperation struct {
	path string
	tree map[string]any
}

func operationsOf(tree map[string]any) []documentedOperation {
	var all []documentedOperation
	for path, item := range object(tree["paths"]) {
		for _, operation := range object(item) {
			all = append(all, documentedOperation{path, object(operation)})
		}
	}
	return all
}

// shareProblems replaces the responses of problems, which are the same in every operation, by references
// to one of each status.
func shareProblems(tree map[string]any) {
	shared := map[string]any{}
	for _, at := range operationsOf(tree) {
		responses := object(at.tree["responses"])
		for status, response := range responses {
			if status < "400" {
				continue
			}
			name := "Problem" + status
			if shared[name] == nil {
				shared[name] = response
			}
			if reflect.DeepEqual(shared[name], response) {
				responses[status] = map[string]any{"$ref": "#/components/responses/" + name}
			}
		}
	}
	object(tree["components"])["responses"] = shared
}

// completeOperation marks a public operation, and adds bounds of parameters and examples.
func (a *API) completeOperation(o documentedOperation) error {
	if o.tree["security"] == nil {
		o.tree["security"] = []any{}
	}
	id, _ := o.tree["operationId"].(string)
	for _, parameter := range list(o.tree["parameters"]) {
		a.completeParameter(o.path, id, object(parameter))
	}
	example := a.options.Examples[id].Body
	if example == "" {
		return nil
	}
	value, err := readTree([]byte(example))
	if err != nil {
		return fmt.Errorf("the example of %s: %w", id, err)
	}
	for _, media := range object(object(o.tree["requestBody"])["content"]) {
		object(media)["example"] = value
	}
	return nil
}

func (a *API) completeParameter(path, operation string, p map[string]any) {
	name, _ := p["name"].(string)
	in, _ := p["in"].(string)
	schema := object(p["schema"])
	if input := a.inputs[operation]; input != nil {
		for _, field := range reflect.VisibleFields(input) {
			if field.Tag.Get(in) == name {
				a.completeValue(schema, field)
			}
		}
	}
	value, ok := a.options.Examples[operation].Parameters[name]
	if before, _, found := strings.Cut(path, "{"+name+"}"); in == "path" && found {
		value, ok = a.options.PathExamples[before+"{"+name+"}"]
	}
	switch {
	case !ok:
	case schema["type"] == "integer":
		p["example"] = json.Number(value)
	default:
		p["example"] = value
	}
}

// closeSets lets Huma refuse the values that a closed set does not have, where the tag set says no more.
func (a *API) closeSets(op *huma.Operation, input reflect.Type) {
	schemas := a.huma.OpenAPI().Components.Schemas
	for _, field := range reflect.VisibleFields(input) {
		for _, p := range op.Parameters {
			if p.Schema != nil && p.Name == field.Tag.Get(p.In) {
				a.closeSet(p.Schema, field)
			}
		}
	}
	for name, schema := range schemas.Map() {
		t := schemas.TypeFromRef(componentsPrefix + name)
		if t == nil || t.Kind() != reflect.Struct || a.closed[name] {
			continue
		}
		a.closed[name] = true
		for _, field := range reflect.VisibleFields(t) {
			member, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if property := schema.Properties[member]; property != nil {
				a.closeSet(property, field)
			}
		}
	}
}

func (a *API) closeSet(schema *huma.Schema, field reflect.StructField) {
	name, loosely, _ := strings.Cut(field.Tag.Get("set"), ",")
	if name == "" || loosely != "" {
		return
	}
	target := schema
	if schema.Items != nil {
		target = schema.Items
	}
	target.Enum = anyOf(a.set(name))
	target.PrecomputeMessages()
}
