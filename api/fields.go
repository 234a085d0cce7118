package api

import (
	"strings"
	"unicode"

	"github.com/danielgtaylor/huma/v2"
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

// line notes a text that would not show as one line.
func (f *fieldFaults) line(path, value string) {
	if strings.ContainsFunc(value, unicode.IsControl) {
		f.add(path, "must not contain control characters")
	}
}

// trimmed drops white space and characters without a shape from both ends, so
// that a text of nothing else is empty.
func trimmed(value string) string {
	return strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.In(r, unicode.Cf) })
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return trimmed(*s)
}
