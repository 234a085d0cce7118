package gbnf

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// FromSchema converts a JSON schema to a GBNF grammar of compact JSON, without white space, with
// the properties in the schema's order. It supports objects with all properties required and
// additionalProperties false, arrays with minItems and maxItems, strings with minLength and
// maxLength up to 400, integers with minimum and maximum, numbers, booleans, enum of strings, and
// const of a scalar. Titles and descriptions are ignored. Anything else is an *Error.
//
// Strings are written without \u escapes: all characters but control characters can be
// written as themselves. Integers without a bound have at most 15 digits.
func FromSchema(schema []byte) (string, error) {
	r, err := convert(schema)
	if err != nil {
		return "", err
	}
	return r.String(), nil
}

func convert(schema []byte) (rules, error) {
	v, err := parse(schema)
	if err != nil {
		return nil, err
	}
	c := &converter{}
	root, err := c.node(v, "", 0)
	if err != nil {
		return nil, err
	}
	return append(rules{{"root", root}}, c.rules...), nil
}

// converter collects the rules that the root refers to.
type converter struct{ rules rules }

// rule names an expression, so that repetitions are not nested.
func (c *converter) rule(name string, body expr) ref {
	if !slices.ContainsFunc(c.rules, func(r rule) bool { return r.name == name }) {
		c.rules = append(c.rules, rule{name, body})
	}
	return ref(name)
}

func (c *converter) fresh(kind string, body expr) ref {
	return c.rule(fmt.Sprintf("%s-%d", kind, len(c.rules)), body)
}

func (c *converter) node(v any, path string, depth int) (expr, error) {
	o, ok := v.(object)
	switch {
	case !ok:
		return nil, refuse(path, "is no object")
	case depth > maxDepth:
		return nil, refuse(path, "nests too deeply")
	}
	if fixed, ok := o.get("const"); ok {
		return constant(o, fixed, path)
	}
	if _, ok := o.get("enum"); ok {
		return enum(o, path)
	}
	kind, _ := o.get("type")
	switch kind {
	case "object":
		return c.object(o, path, depth)
	case "array":
		return c.array(o, path, depth)
	case "string":
		return c.text(o, path)
	case "integer":
		return c.integer(o, path)
	case "number":
		return c.number(o, path)
	case "boolean":
		return choice{literal("true"), literal("false")}, only(o, path, "type")
	default:
		return nil, refuse(path, "has no type that is supported: object, array, string, integer, number, boolean")
	}
}

// only rejects keywords that are neither in allowed nor mere annotations.
func only(o object, path string, allowed ...string) error {
	for _, f := range o {
		switch f.name {
		case "title", "description", "$schema", "$comment":
			continue
		}
		if !slices.Contains(allowed, f.name) {
			return refuse(path, "says %q, which is not supported here", f.name)
		}
	}
	return nil
}

func (c *converter) object(o object, path string, depth int) (expr, error) {
	if err := only(o, path, "type", "properties", "required", "additionalProperties"); err != nil {
		return nil, err
	}
	if more, ok := o.get("additionalProperties"); !ok || more != false {
		return nil, refuse(path, "must say additionalProperties false")
	}
	v, _ := o.get("properties")
	properties, ok := v.(object)
	if !ok || len(properties) == 0 {
		return nil, refuse(path, "needs properties")
	}
	if err := allRequired(o, properties, path); err != nil {
		return nil, err
	}
	body := sequence{literal("{")}
	for i, p := range properties {
		key := quote(p.name) + ":"
		if i > 0 {
			key = "," + key
		}
		item, err := c.node(p.value, path+"/properties/"+p.name, depth+1)
		if err != nil {
			return nil, err
		}
		body = append(body, literal(key), item)
	}
	return c.fresh("object", append(body, literal("}"))), nil
}

func allRequired(o, properties object, path string) error {
	v, _ := o.get("required")
	required, _ := v.([]any)
	for _, p := range properties {
		if !slices.Contains(required, any(p.name)) {
			return refuse(path, "must require all its properties, %q too", p.name)
		}
	}
	if len(required) != len(properties) {
		return refuse(path, "requires something that is no property, or twice")
	}
	return nil
}

func (c *converter) array(o object, path string, depth int) (expr, error) {
	if err := only(o, path, "type", "items", "minItems", "maxItems"); err != nil {
		return nil, err
	}
	least, most, err := span(o, path, "minItems", "maxItems")
	if err != nil {
		return nil, err
	}
	v, _ := o.get("items")
	item, err := c.node(v, path+"/items", depth+1)
	if err != nil {
		return nil, err
	}
	if most == 0 {
		return literal("[]"), nil
	}
	one := c.fresh("item", item)
	more := repeat{sequence{literal(","), one}, max(least-1, 0), most - 1}
	if most < 0 {
		more.most = -1
	}
	items := sequence{one}
	if more.most != 0 {
		items = append(items, more)
	}
	if least > 0 {
		return c.fresh("array", sequence{literal("["), items, literal("]")}), nil
	}
	return c.fresh("array", sequence{literal("["), repeat{items, 0, 1}, literal("]")}), nil
}

// character returns the expression of one character of a JSON string.
func (c *converter) character() expr {
	return c.rule("char", choice{class(`^"\\\x00-\x1F\x7F`), sequence{literal(`\`), class(`"\\/bfnrt`)}})
}

func (c *converter) text(o object, path string) (expr, error) {
	if err := only(o, path, "type", "minLength", "maxLength"); err != nil {
		return nil, err
	}
	least, most, err := span(o, path, "minLength", "maxLength")
	if err != nil {
		return nil, err
	}
	if most == 0 {
		return literal(`""`), nil
	}
	name := fmt.Sprintf("text-%d-%d", least, most)
	if most < 0 {
		name = fmt.Sprintf("text-%d", least)
	}
	return c.rule(name, sequence{literal(`"`), repeat{c.character(), least, most}, literal(`"`)}), nil
}

func (c *converter) number(o object, path string) (expr, error) {
	digits := func(least int) expr { return repeat{class("0-9"), least, 15} }
	whole := choice{literal("0"), sequence{class("1-9"), repeat{class("0-9"), 0, 14}}}
	fraction := repeat{sequence{literal("."), digits(1)}, 0, 1}
	return c.rule("number", sequence{repeat{literal("-"), 0, 1}, whole, fraction}), only(o, path, "type")
}

// constant converts a scalar.
func constant(o object, fixed any, path string) (expr, error) {
	if err := only(o, path, "type", "const"); err != nil {
		return nil, err
	}
	if kind, ok := o.get("type"); ok && !isOf(fixed, kind) {
		return nil, refuse(path, "has a const that is not of its type")
	}
	switch v := fixed.(type) {
	case string:
		return literal(quote(v)), nil
	case json.Number:
		return literal(v.String()), nil
	case bool:
		return literal(fmt.Sprint(v)), nil
	case nil:
		return literal("null"), nil
	default:
		return nil, refuse(path, "has a const that is no scalar")
	}
}

func isOf(v, kind any) bool {
	switch v := v.(type) {
	case string:
		return kind == "string"
	case bool:
		return kind == "boolean"
	case json.Number:
		_, err := v.Int64()
		return kind == "number" || kind == "integer" && err == nil
	default:
		return false
	}
}

func enum(o object, path string) (expr, error) {
	if err := only(o, path, "type", "enum"); err != nil {
		return nil, err
	}
	if kind, ok := o.get("type"); ok && kind != "string" {
		return nil, refuse(path, "has an enum that is not of strings")
	}
	v, _ := o.get("enum")
	values, _ := v.([]any)
	if len(values) == 0 || len(values) > maxRepeat {
		return nil, refuse(path, "needs an enum of 1 to %d strings", maxRepeat)
	}
	var list choice
	for _, v := range values {
		s, ok := v.(string)
		if !ok {
			return nil, refuse(path, "has an enum that is not of strings")
		}
		list = append(list, literal(quote(s)))
	}
	return list, nil
}

// quote returns a JSON string.
func quote(s string) string {
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) //nolint:errchkjson // a string always has a JSON form
	return string(bytes.TrimSuffix(out.Bytes(), []byte("\n")))
}

// span reads two bounds of a length; most is -1 without an upper one.
func span(o object, path, lower, upper string) (least, most int, err error) {
	if least, err = length(o, path, lower, 0); err != nil {
		return 0, 0, err
	}
	if most, err = length(o, path, upper, -1); err != nil {
		return 0, 0, err
	}
	if most >= 0 && most < least {
		return 0, 0, refuse(path, "has %s above %s", lower, upper)
	}
	return least, most, nil
}

func length(o object, path, name string, otherwise int) (int, error) {
	v, ok := o.get(name)
	if !ok {
		return otherwise, nil
	}
	n, err := integral(v)
	if err != nil || n < 0 || n > maxRepeat {
		return 0, refuse(path, "has a %s that is not from 0 to %d", name, maxRepeat)
	}
	return int(n), nil
}
