package gbnf

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// TestSentencesFollowTheirSchema draws schemas of the whole subset and checks that sentences
// of their grammars are valid by another library.
func TestSentencesFollowTheirSchema(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		schema, err := json.Marshal(drawSchema(t, 0))
		must(t, err)
		check(t, schema)
	})
}

// TestOurSchemas does the same with Lyo's own schemas.
func TestOurSchemas(t *testing.T) {
	t.Parallel()
	paths, err := filepath.Glob("../../activities/llm/schemas/*.json")
	if err != nil || len(paths) < 2 {
		t.Fatal("the schemas are not where they were", err)
	}
	for _, path := range paths {
		schema, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) { check(t, schema) })
	}
}

func check(t *rapid.T, schema []byte) {
	grammar, err := convert(schema)
	must(t, err)
	text := sample(t, grammar, grammar[0].body)
	answer, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%s allows %q, which is no JSON: %v", schema, text, err)
	}
	if err := compile(t, schema).Validate(answer); err != nil {
		t.Fatalf("%s allows %s: %v\n%s", schema, text, err, grammar)
	}
	order(t, schema, text)
}

// order checks that the outermost properties come in the schema's order.
func order(t *rapid.T, schema []byte, text string) {
	v, err := parse(schema)
	must(t, err)
	top, _ := v.(object).get("properties")
	properties, _ := top.(object)
	v, err = parse([]byte(text))
	must(t, err)
	for i, p := range properties {
		if got := v.(object)[i].name; got != p.name {
			t.Fatalf("property %d is %q and should be %q", i, got, p.name)
		}
	}
}

func compile(t *rapid.T, schema []byte) *jsonschema.Schema {
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(schema)))
	must(t, err)
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("schema.json", doc))
	s, err := c.Compile("schema.json")
	must(t, err)
	return s
}

func must(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// drawSchema draws a schema; encoding/json sorts its fields, but not those of ordered.
func drawSchema(t *rapid.T, depth int) any {
	kinds := []string{"string", "integer", "number", "boolean", "enum", "const", "array", "object"}
	if depth > 2 {
		kinds = kinds[:6]
	}
	s := map[string]any{}
	switch kind := rapid.SampledFrom(kinds).Draw(t, "kind"); kind {
	case "enum":
		s["enum"] = rapid.SliceOfNDistinct(rapid.String(), 1, 4, rapid.ID).Draw(t, "enum")
	case "const":
		s["const"] = rapid.OneOf(rapid.String().AsAny(), rapid.Int32().AsAny(), rapid.Bool().AsAny()).Draw(t, "const")
	case "object":
		s["type"], s["additionalProperties"] = kind, false
		names := rapid.SliceOfNDistinct(rapid.String(), 1, 4, rapid.ID).Draw(t, "names")
		var properties ordered
		for _, name := range names {
			properties = append(properties, property{name, drawSchema(t, depth+1)})
		}
		s["properties"], s["required"] = properties, rapid.Permutation(names).Draw(t, "required")
	case "array":
		s["type"], s["items"] = kind, drawSchema(t, depth+1)
		drawBounds(t, s, "minItems", "maxItems", rapid.Int64Range(0, 6))
	case "string":
		s["type"] = kind
		drawBounds(t, s, "minLength", "maxLength", rapid.Int64Range(0, 30))
	case "integer":
		s["type"] = kind
		drawBounds(t, s, "minimum", "maximum", rapid.Int64Range(-widest, widest))
	default:
		s["type"] = kind
	}
	return s
}

func drawBounds(t *rapid.T, s map[string]any, lower, upper string, of *rapid.Generator[int64]) {
	a, b := of.Draw(t, lower), of.Draw(t, upper)
	if rapid.Bool().Draw(t, "has "+lower) {
		s[lower] = min(a, b)
	}
	if rapid.Bool().Draw(t, "has "+upper) {
		s[upper] = max(a, b)
	}
}

type property struct {
	name   string
	schema any
}

// ordered is a JSON object whose fields keep their order.
type ordered []property

func (o ordered) MarshalJSON() ([]byte, error) {
	var out strings.Builder
	out.WriteByte('{')
	for i, p := range o {
		if i > 0 {
			out.WriteByte(',')
		}
		schema, err := json.Marshal(p.schema)
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%s:%s", quote(p.name), schema)
	}
	out.WriteByte('}')
	return []byte(out.String()), nil
}

// TestIntegersExactly checks that a range allows all its numbers and no other.
func TestIntegersExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		wide := rapid.OneOf(rapid.Int64Range(-1200, 1200), rapid.Int64Range(-widest, widest))
		low, high := wide.Draw(t, "low"), wide.Draw(t, "high")
		low, high = min(low, high), max(low, high)
		match := matcher(between(low, high))
		near := []int64{low - 1, low, low + 1, high - 1, high, high + 1, 0, wide.Draw(t, "n"), rapid.Int64Range(low, high).Draw(t, "inside")}
		for _, n := range near {
			if got, want := match.MatchString(fmt.Sprint(n)), low <= n && n <= high; got != want {
				t.Fatalf("from %d to %d: %d allowed is %v", low, high, n, got)
			}
		}
		if match.MatchString("007") || match.MatchString("-0") || match.MatchString("") {
			t.Fatal("allows what is no JSON integer")
		}
	})
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	object := func(property string) string {
		return `{"type":"object","additionalProperties":false,"required":["a"],"properties":{"a":` + property + `}}`
	}
	for schema, want := range map[string]string{
		object(`{"type":"string","pattern":"a"}`):                                             `at /properties/a says "pattern"`,
		object(`{"type":"string","format":"date"}`):                                           `"format"`,
		object(`{"$ref":"#"}`):                                                                `at /properties/a has no type`,
		object(`{"type":["string","null"]}`):                                                  `no type`,
		object(`{"anyOf":[{"type":"string"}]}`):                                               `no type`,
		object(`{"type":"null"}`):                                                             `no type`,
		object(`{"type":"string","maxLength":401}`):                                           `maxLength`,
		object(`{"type":"string","maxLength":2.5}`):                                           `maxLength`,
		object(`{"type":"string","minLength":3,"maxLength":2}`):                               `minLength above maxLength`,
		object(`{"type":"array"}`):                                                            `at /properties/a/items is no object`,
		object(`{"type":"array","items":true}`):                                               `at /properties/a/items is no object`,
		object(`{"type":"array","items":{"type":"string"},"uniqueItems":true}`):               `"uniqueItems"`,
		object(`{"type":"integer","minimum":0.5}`):                                            `minimum`,
		object(`{"type":"integer","exclusiveMinimum":1}`):                                     `"exclusiveMinimum"`,
		object(`{"type":"integer","minimum":2,"maximum":1}`):                                  `minimum above maximum`,
		object(`{"type":"number","minimum":1}`):                                               `"minimum"`,
		object(`{"enum":["a",1]}`):                                                            `not of strings`,
		object(`{"enum":[]}`):                                                                 `enum of 1`,
		object(`{"type":"integer","const":"x"}`):                                              `not of its type`,
		object(`{"const":{}}`):                                                                `no scalar`,
		`{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"}}}`: `require all its properties, "a"`,
		`{"type":"object","additionalProperties":false,"required":["a","b"],"properties":{"a":{"type":"string"}}}`: `no property`,
		`{"type":"object","required":["a"],"properties":{"a":{"type":"string"}}}`:                                  `additionalProperties false`,
		`{"type":"object","additionalProperties":{},"required":["a"],"properties":{"a":{"type":"string"}}}`:        `additionalProperties false`,
		`{"type":"object","additionalProperties":false,"required":[],"properties":{}}`:                             `needs properties`,
		`{"type":"string","type":"integer"}`:                                                                       `names "type" twice`,
		`{"type":"string"} {}`:                                                                                     `followed`,
		`{"type":`:                                                                                                 `is no JSON`,
		`true`:                                                                                                     `is no object`,
		``:                                                                                                         `is no JSON`,
		strings.Repeat(`{"type":"array","items":`, 17) + `{"type":"string"}` + strings.Repeat(`}`, 17): `nests too deeply`,
		strings.Repeat(`[`, 1000):              `nests too deeply`,
		`"` + strings.Repeat(`a`, 70000) + `"`: `more than 65536 bytes`,
	} {
		grammar, err := FromSchema([]byte(schema))
		if _, own := errors.AsType[*Error](err); !own || !strings.Contains(err.Error(), want) || grammar != "" {
			t.Errorf("%.100s: got %q, %v; want an error about %s", schema, grammar, err, want)
		}
	}
}

// TestGrammarText compares the text for llama.cpp with the expected one.
func TestGrammarText(t *testing.T) {
	t.Parallel()
	got, err := FromSchema([]byte(`{"type":"object","additionalProperties":false,"required":["b","a\""],
		"properties":{"b":{"type":"array","minItems":1,"maxItems":3,"items":{"type":"string","maxLength":5}},
		"a\"":{"type":"integer","minimum":5,"maximum":600}}}`))
	want := `root ::= object-5
char ::= [^"\\\x00-\x1F\x7F] | ("\\" ["\\/bfnrt])
text-0-5 ::= "\"" char{0,5} "\""
item-2 ::= text-0-5
array-3 ::= "[" (item-2 ("," item-2){0,2}) "]"
integer-4 ::= ([5-9]) | ([1-9] [0-9]{1}) | ([1-5] [0-9]{2}) | ("6" "0" "0")
object-5 ::= "{" "\"b\":" array-3 ",\"a\\\"\":" integer-4 "}"
`
	if err != nil || got != want {
		t.Errorf("got\n%s\n%v, want\n%s", got, err, want)
	}
}
