package api

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// fieldFaults collects violated rules of a body, in addition to those of its schema.
type fieldFaults []error

// add records a rule that a field violates. A path is like tags[2] or inner.name.
func (f *fieldFaults) add(path, message string) {
	*f = append(*f, &huma.ErrorDetail{Location: "body." + path, Message: message})
}

// text applies a rule to a text and records the violation. It is for fields whose text tag does not
// name the rule.
func (f *fieldFaults) text(path, value string, rule func(string) (string, error)) string {
	stored, err := rule(value)
	if err != nil {
		f.add(path, err.Error())
	}
	return stored
}

// line records a text that would not display as one line.
func (f *fieldFaults) line(path, value string) { f.text(path, value, texts.Line) }

// all returns one error with all violations, or nil.
func (f *fieldFaults) all() error {
	if len(*f) == 0 {
		return nil
	}
	fault := store.Errorf(store.Invalid, "The request breaks one or more rules.")
	for _, err := range *f {
		if detail, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			told := faultOf(detail)
			fault.Fields = append(fault.Fields, store.Field{Pointer: told.Pointer, Location: told.Location, Message: told.Message})
		}
	}
	return fault
}
