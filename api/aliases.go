package api

import (
	"net/http"
	"strings"
)

// alias is a second address of an operation. {name} stands for one segment.
type alias struct{ method, path, target string }

// aliases are the contract's other spellings. Those that end in a slash need no
// rewriting, since every trailing slash is dropped: they are here for the
// document.
func aliases() []alias {
	return []alias{
		{http.MethodPost, "/v1/courses:generate", "/v1/courses/generate"},
		{http.MethodGet, "/v1/tasks/{id}", "/v1/tasks/{id}/status"},
		{http.MethodGet, "/v1/ws/tasks/{task_id}", "/v1/tasks/ws/{task_id}"},
		{http.MethodGet, "/v1/courses/", "/v1/courses"},
		{http.MethodGet, "/v1/tasks/", "/v1/tasks"},
		{http.MethodGet, "/v1/health/", "/v1/health"},
	}
}

// canonical is the path the router knows.
func canonical(method, path string) string {
	path = trimSlashes(path)
	for _, a := range aliases() {
		if values, ok := a.match(path); ok && a.method == method {
			return a.fill(values)
		}
	}
	return path
}

// aliasMethods are the methods for which a path is an alias.
func aliasMethods(path string) []string {
	var methods []string
	for _, a := range aliases() {
		if _, ok := a.match(path); ok {
			methods = append(methods, a.method)
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

func (a alias) match(path string) (values map[string]string, ok bool) {
	pattern, got := strings.Split(a.path, "/"), strings.Split(path, "/")
	if len(pattern) != len(got) {
		return nil, false
	}
	values = map[string]string{}
	for i, p := range pattern {
		if strings.HasPrefix(p, "{") && got[i] != "" {
			values[p] = got[i]
		} else if p != got[i] {
			return nil, false
		}
	}
	return values, true
}

func (a alias) fill(values map[string]string) string {
	segments := strings.Split(a.target, "/")
	for i, segment := range segments {
		if value, ok := values[segment]; ok {
			segments[i] = value
		}
	}
	return strings.Join(segments, "/")
}
