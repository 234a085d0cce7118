package api

import (
	"github.com/danielgtaylor/huma/v2"

	texts "github.com/lyoapp/lyo/models/text"
)

// fieldFaults collects broken rules of a body, beside those of its schema.
type fieldFaults []error

// add notes a rule that a field breaks. A path is like tags[2] or inner.name.
func (f *fieldFaults) add(path, message string) {
	*f = append(*f, &huma.ErrorDetail{Location: "body." + path, Message: message})
}

func (f *fieldFaults) level(path, level string) {
	if level != "beginner" && level != "intermediate" && level != "advanced" {
		f.add(path, "must be beginner, intermediate or advanced")
	}
}

// text is a text by a rule, and notes what is wrong with it: where no tag text of
// the field says the rule.
func (f *fieldFaults) text(path, value string, rule func(string) (string, error)) string {
	stored, err := rule(value)
	if err != nil {
		f.add(path, err.Error())
	}
	return stored
}

// line notes a text that would not show as one line.
func (f *fieldFaults) line(path, value string) { f.text(path, value, texts.Line) }

// trimmed drops white space and characters that nobody sees from both ends, so
// that a text of nothing else is empty.
func trimmed(value string) string { return texts.Trim(value) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return trimmed(*s)
}
