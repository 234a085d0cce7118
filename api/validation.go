package api

import (
	"github.com/danielgtaylor/huma/v2"

	texts "github.com/lyoapp/lyo/models/text"
)

// fieldFaults collects violated rules of a body, in addition to those of its schema.
type fieldFaults []error

// add records a rule that a field violates. A path is like tags[2] or inner.name.
func (f *fieldFaults) add(path, message string) {
	*f = append(*f, &huma.ErrorDetail{Location: "body." + path, Message: message})
}

func (f *fieldFaults) level(path, level string) {
	if level != "beginner" && level != "intermediate" && level != "advanced" {
		f.add(path, "must be beginner, intermediate or advanced")
	}
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

// trimmed removes white space and invisible characters from both ends, so that a text of nothing else
// is empty.
func trimmed(value string) string { return texts.Trim(value) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return trimmed(*s)
}
