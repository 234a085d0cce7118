package rest

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
)

// withoutNullLists returns a value with an empty list for each that is nil, since no list of an answer is null. What
// the value points to is changed, and the value itself copied.
func withoutNullLists(v any) any {
	if v == nil || !listsIn(reflect.TypeOf(v)) {
		return v
	}
	filled := reflect.New(reflect.TypeOf(v)).Elem()
	filled.Set(reflect.ValueOf(v))
	fillLists(filled)
	return filled.Interface()
}

func fillLists(v reflect.Value) {
	if !listsIn(v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			fillLists(v.Elem())
		}
	case reflect.Slice:
		if v.IsNil() {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			fillLists(v.Index(i))
		}
	case reflect.Struct:
		for field, value := range v.Fields() {
			if field.IsExported() {
				fillLists(value)
			}
		}
	default:
	}
}

var typesWithLists sync.Map // types to whether listsIn

// listsIn reports whether values of a type may have lists.
func listsIn(t reflect.Type) bool {
	known, ok := typesWithLists.Load(t)
	if !ok {
		known, _ = typesWithLists.LoadOrStore(t, findLists(t, map[reflect.Type]bool{}))
	}
	return known == true
}

// findLists looks for lists in a type, but not in one that encodes itself. A slice of bytes is none.
func findLists(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] || t.Implements(reflect.TypeFor[json.Marshaler]()) || t.Implements(reflect.TypeFor[encoding.TextMarshaler]()) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Slice:
		return t.Elem().Kind() != reflect.Uint8
	case reflect.Pointer:
		return findLists(t.Elem(), seen)
	case reflect.Struct:
		for field := range t.Fields() {
			if field.IsExported() && findLists(field.Type, seen) {
				return true
			}
		}
	default:
	}
	return false
}
