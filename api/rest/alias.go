package rest

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Alias is a second address of an operation. It has at most one {name}, which stands for one segment.
type Alias struct{ Method, Path, Target string }

// Canonical returns the path that the router knows.
func (a *API) Canonical(method, path string) string {
	path = trimSlashes(path)
	for _, other := range a.options.Aliases {
		if segment, ok := other.match(path); ok && other.Method == method {
			return other.fill(segment)
		}
	}
	return path
}

// aliasMethods returns the methods for which a path is an alias.
func (a *API) aliasMethods(path string) []string {
	var methods []string
	for _, other := range a.options.Aliases {
		if _, ok := other.match(path); ok {
			methods = append(methods, other.Method)
		}
	}
	return methods
}

func trimSlashes(path string) string {
	if trimmed := strings.TrimRight(path, "/"); trimmed != "" {
		return trimmed
	}
	return "/"
}

// match returns the segment that {name} stands for.
func (a Alias) match(path string) (segment string, ok bool) {
	before, rest, parametric := strings.Cut(a.Path, "{")
	if !parametric {
		return "", path == a.Path
	}
	_, after, _ := strings.Cut(rest, "}")
	if segment, ok = strings.CutPrefix(path, before); !ok {
		return "", false
	}
	segment, ok = strings.CutSuffix(segment, after)
	return segment, ok && segment != "" && !strings.Contains(segment, "/")
}

func (a Alias) fill(segment string) string {
	before, rest, parametric := strings.Cut(a.Target, "{")
	if !parametric {
		return a.Target
	}
	_, after, _ := strings.Cut(rest, "}")
	return before + segment + after
}

// OperationAt returns the operation of a method, or nil. It knows the methods of this API: there is no
// PATCH.
func OperationAt(item *huma.PathItem, method string) *huma.Operation {
	switch {
	case item == nil:
		return nil
	case method == http.MethodPost:
		return item.Post
	case method == http.MethodGet:
		return item.Get
	case method == http.MethodPut:
		return item.Put
	case method == http.MethodDelete:
		return item.Delete
	}
	return nil
}
