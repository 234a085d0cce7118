package api

import (
	"github.com/lyoapp/lyo/api/rest"
	texts "github.com/lyoapp/lyo/models/text"
)

// checkLevel records a level that is none.
func checkLevel(f *rest.FieldFaults, path, level string) {
	if level != "beginner" && level != "intermediate" && level != "advanced" {
		f.Add(path, "must be beginner, intermediate or advanced")
	}
}

// trimmed removes white space and invisible characters from both ends, so that a text of nothing else
// is empty.
func trimmed(value string) string { return texts.Trim(value) }

func text(s *string) string {
	if s == nil {
		return ""
	}
	return trimmed(*s)
}
