package api

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
)

// TestNoListIsNull answers with a value of each type that the document has, once with lists that are nil and once
// with lists of one element whose own lists are nil.
func TestNoListIsNull(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	var value any
	rest.Register(w.server.API, huma.Operation{OperationID: "lists", Method: "GET", Path: "/lists"},
		func(context.Context, *rest.NoInput) (*rest.Body[any], error) { return rest.Answer(value), nil }, rest.Public)
	lists := 0
	for name, schema := range w.document().Components.Schemas {
		goType := w.server.OpenAPI().Components.Schemas.TypeFromRef("#/components/schemas/" + name)
		if goType == nil {
			continue // it is written by hand
		}
		for elements := range 2 {
			value = valueOf(goType, elements, nil).Interface()
			a := w.do("GET", "/lists", "")
			require.Equal(t, 200, a.status, "%s: %s", name, a.body)
			var sent any
			require.NoError(t, json.Unmarshal(a.body, &sent))
			lists += requireLists(t, schema, sent, name)
		}
	}
	require.Greater(t, lists, 90)
}

// valueOf returns a value of a type without nil pointers, and with lists of so many elements: nil for none.
func valueOf(t reflect.Type, elements int, within []reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	if slices.Contains(within, t) {
		return v
	}
	within = append(within, t)
	switch t.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(valueOf(t.Elem(), elements, within))
	case reflect.Slice:
		for range elements {
			if t.Elem().Kind() == reflect.Uint8 {
				break // a text, or JSON as it is
			}
			v.Set(reflect.Append(v, valueOf(t.Elem(), 0, within)))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(reflect.Zero(t.Key()), valueOf(t.Elem(), elements, within))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				v.Field(i).Set(valueOf(t.Field(i).Type, elements, within))
			}
		}
	default:
	}
	return v
}

// requireLists requires that what a schema has as a list is one, or is left out, and counts them.
func requireLists(t *testing.T, schema *openapi3.SchemaRef, v any, at string) (lists int) {
	t.Helper()
	if schema == nil {
		return 0
	}
	if schema.Value.Type.Includes("array") {
		all, ok := v.([]any)
		require.True(t, ok, "%s is %v", at, v)
		for i, element := range all {
			lists += requireLists(t, schema.Value.Items, element, fmt.Sprint(at, "/", i))
		}
		return lists + 1
	}
	members, _ := v.(map[string]any)
	for name, member := range members {
		lists += requireLists(t, schema.Value.Properties[name], member, at+"/"+name)
	}
	return lists
}
