package config

import (
	"fmt"
	"io"
	"reflect"
)

// Key is one variable that Config reads.
type Key struct {
	Name    string
	Default string
	Secret  bool
	// index is the field's index, for reflect.Value.FieldByIndex.
	index []int
}

// Keys returns every variable, in the order of the struct.
func Keys() []Key { return keysOf(reflect.TypeFor[Config](), nil) }

func keysOf(t reflect.Type, at []int) []Key {
	var keys []Key
	for i := range t.NumField() {
		field := t.Field(i)
		index := append(append([]int{}, at...), i)
		name, tagged := field.Tag.Lookup("env")
		switch {
		case tagged:
			secret := field.Type == reflect.TypeFor[Secret]()
			keys = append(keys, Key{name, field.Tag.Get("envDefault"), secret, index})
		case field.Type.Kind() == reflect.Struct:
			keys = append(keys, keysOf(field.Type, index)...)
		}
	}
	return keys
}

// Print writes the configuration as KEY=VALUE lines, secrets redacted.
func (c Config) Print(w io.Writer) error {
	v := reflect.ValueOf(c)
	for _, key := range Keys() {
		if _, err := fmt.Fprintf(w, "%s=%v\n", key.Name, v.FieldByIndex(key.index).Interface()); err != nil {
			return err
		}
	}
	return nil
}

// Secrets returns the values of all secrets that are set, so that a log can leave them out.
func (c Config) Secrets() []string {
	var values []string
	v := reflect.ValueOf(c)
	for _, key := range Keys() {
		if secret, ok := reflect.TypeAssert[Secret](v.FieldByIndex(key.index)); ok && secret != "" {
			values = append(values, secret.Reveal())
		}
	}
	return values
}
