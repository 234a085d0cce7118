package rest

import "slices"

// downgrade rewrites an OpenAPI 3.1 tree as 3.0, for generators that read no other: null is no type
// there, an exclusive bound is a mark on a bound, and a schema has one example.
func downgrade(tree map[string]any) {
	tree["openapi"] = "3.0.3"
	downgradeValue(tree)
}

func downgradeValue(v any) {
	for _, element := range list(v) {
		downgradeValue(element)
	}
	m := object(v)
	for name, member := range m {
		if name != "example" { // what clients send is no schema
			downgradeValue(member)
		}
	}
	if types := list(m["type"]); len(types) > 0 {
		kept := slices.DeleteFunc(slices.Clone(types), func(t any) bool { return t == "null" })
		m["type"] = kept[0] // Huma writes no other union of types
		m["nullable"] = true
	}
	for _, union := range []string{"anyOf", "oneOf"} {
		if kinds := list(m[union]); len(kinds) > 0 {
			m[union] = slices.DeleteFunc(kinds, func(kind any) bool { return object(kind)["type"] == "null" })
		}
	}
	downgradeBounds(m)
	if examples := list(m["examples"]); len(examples) > 0 {
		m["example"] = examples[0]
		delete(m, "examples")
	}
	if _, ok := m["contentMediaType"].(string); ok {
		delete(m, "contentMediaType") // the format says binary
	}
	if _, ok := m["$ref"].(string); ok {
		for name := range m {
			if name != "$ref" {
				delete(m, name) // nothing may stand beside a reference
			}
		}
	}
}

func downgradeBounds(m map[string]any) {
	for exclusive, bound := range map[string]string{"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"} {
		if limit, ok := m[exclusive]; ok && object(limit) == nil && limit != true {
			m[bound], m[exclusive] = limit, true
		}
	}
}
