package rest

import (
	"errors"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

// FieldFaults collects violated rules of a body, in addition to those of its schema.
type FieldFaults []error

// Add records a rule that a field violates. A path is like tags[2] or inner.name.
func (f *FieldFaults) Add(path, message string) {
	*f = append(*f, &huma.ErrorDetail{Location: "body." + path, Message: message})
}

// Text applies a rule to a text and records the violation. It is for fields whose text tag does not
// name the rule.
func (f *FieldFaults) Text(path, value string, rule func(string) (string, error)) string {
	stored, err := rule(value)
	if err != nil {
		f.Add(path, err.Error())
	}
	return stored
}

// Line records a text that would not display as one line.
func (f *FieldFaults) Line(path, value string) { f.Text(path, value, texts.Line) }

// All returns one error with all violations, or nil.
func (f *FieldFaults) All() error {
	if len(*f) == 0 {
		return nil
	}
	var fields []store.Field
	for _, err := range *f {
		if detail, ok := errors.AsType[*huma.ErrorDetail](err); ok {
			fault := faultOf(detail)
			fields = append(fields, store.Field{Pointer: fault.Pointer, Location: fault.Location, Message: fault.Message})
		}
	}
	return invalid(fields)
}
