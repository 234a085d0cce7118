package api

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// alias is a second address of an operation. It has at most one {name}, which stands for one segment.
type alias struct{ method, path, target string }

// aliases returns the other spellings of the contract's addresses. Those that end in a slash need no
// rewriting, because every trailing slash is dropped. They are listed for the OpenAPI document.
func aliases() []alias {
	return []alias{
		{http.MethodPost, "/v1/courses:generate", "/v1/courses/generate"},
		{http.MethodGet, "/v1/tasks/{id}", "/v1/tasks/{id}/status"},
		{http.MethodGet, "/v1/ws/tasks/{task_id}", "/v1/tasks/ws/{task_id}"},
		{http.MethodGet, "/v1/courses/", "/v1/courses"},
		{http.MethodGet, "/v1/tasks/", "/v1/tasks"},
		{http.MethodGet, "/v1/sources/", "/v1/sources"},
		{http.MethodPost, "/v1/sources/", "/v1/sources"},
		{http.MethodGet, "/v1/feeds/", "/v1/feeds"},
		{http.MethodGet, "/v1/feeds/trending/", "/v1/feeds/trending"},
		{http.MethodGet, "/v1/feeds/recommendations/", "/v1/feeds/recommendations"},
		{http.MethodGet, "/v1/feeds/learning-path/", "/v1/feeds/learning-path"},
		{http.MethodGet, "/v1/auth/sessions/", "/v1/auth/sessions"},
		{http.MethodDelete, "/v1/auth/sessions/", "/v1/auth/sessions"},
		{http.MethodPost, "/v1/push/devices", "/v1/push/devices/register"},
		{http.MethodGet, "/v1/push/devices/", "/v1/push/devices"},
		{http.MethodGet, "/v1/notifications/", "/v1/notifications"},
		{http.MethodGet, "/v1/admin/audit/", "/v1/admin/audit"},
		{http.MethodGet, "/v1/reviews/due/", "/v1/reviews/due"},
		{http.MethodGet, "/v1/gamification/achievements/", "/v1/gamification/achievements"},
		{http.MethodGet, "/v1/admin/reports/", "/v1/admin/reports"},
		{http.MethodGet, "/v1/admin/held/", "/v1/admin/held"},
		{http.MethodGet, "/v1/admin/content-rules/", "/v1/admin/content-rules"},
		{http.MethodPost, "/v1/admin/content-rules/", "/v1/admin/content-rules"},
		{http.MethodGet, "/v1/admin/courses/", "/v1/admin/courses"},
		{http.MethodGet, "/v1/admin/topic-rules/", "/v1/admin/topic-rules"},
		{http.MethodPost, "/v1/admin/topic-rules/", "/v1/admin/topic-rules"},
		{http.MethodGet, "/v1/admin/help-resources/", "/v1/admin/help-resources"},
		{http.MethodGet, "/v1/community/posts/", postsPath},
		{http.MethodPost, "/v1/community/posts/", postsPath},
		{http.MethodGet, "/v1/community/posts/{id}/comments/", postPath + "/comments"},
		{http.MethodPost, "/v1/community/posts/{id}/comments/", postPath + "/comments"},
		{http.MethodPost, "/v1/community/reports/", "/v1/community/reports"},
		{http.MethodGet, "/v1/community/blocks/", blocksPath},
		{http.MethodGet, "/v1/health/", "/v1/health"},
	}
}

// canonical returns the path that the router knows.
func canonical(method, path string) string {
	path = trimSlashes(path)
	for _, a := range aliases() {
		if segment, ok := a.match(path); ok && a.method == method {
			return a.fill(segment)
		}
	}
	return path
}

// aliasMethods returns the methods for which a path is an alias.
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

// match returns the segment that {name} stands for.
func (a alias) match(path string) (segment string, ok bool) {
	before, rest, parametric := strings.Cut(a.path, "{")
	if !parametric {
		return "", path == a.path
	}
	_, after, _ := strings.Cut(rest, "}")
	if segment, ok = strings.CutPrefix(path, before); !ok {
		return "", false
	}
	segment, ok = strings.CutSuffix(segment, after)
	return segment, ok && segment != "" && !strings.Contains(segment, "/")
}

func (a alias) fill(segment string) string {
	before, rest, parametric := strings.Cut(a.target, "{")
	if !parametric {
		return a.target
	}
	_, after, _ := strings.Cut(rest, "}")
	return before + segment + after
}

// documentAlias copies the operation that an alias stands for.
func documentAlias(doc *huma.OpenAPI, a alias) error {
	target := operationAt(doc.Paths[a.target], a.method)
	if target == nil {
		return nil
	}
	if doc.Paths[a.path] != nil && operationAt(doc.Paths[a.path], a.method) != nil {
		return fmt.Errorf("alias %s %s is an address of its own", a.method, a.path)
	}
	copied := *target
	copied.Path = a.path
	copied.OperationID += "-alias"
	copied.Description = strings.TrimSpace(copied.Description + " An alias of " + a.target + ".")
	doc.AddOperation(&copied)
	return nil
}

func operationAt(item *huma.PathItem, method string) *huma.Operation {
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
