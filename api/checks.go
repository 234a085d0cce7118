package api

import (
	"github.com/lyoapp/lyo/api/rest"
)

// checkLevel records a level that is none.
func checkLevel(f *rest.FieldFaults, path, level string) {
	if level != "beginner" && level != "intermediate" && level != "advanced" {
		f.Add(path, "must be beginner, intermediate or advanced")
	}
}
