package api

import (
	"slices"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/ranking"
)

// checkLevel records a level that is none.
func checkLevel(f *rest.FieldFaults, path, level string) {
	if !slices.Contains(ranking.Levels(), level) {
		f.Add(path, "must be beginner, intermediate or advanced")
	}
}
