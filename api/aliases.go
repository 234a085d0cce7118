package api

import (
	"net/http"

	"github.com/lyoapp/lyo/api/rest"
)

// aliases returns the other spellings of the contract's addresses. Those that end in a slash need no
// rewriting, because every trailing slash is dropped. They are listed for the OpenAPI document.
func aliases() []rest.Alias {
	return []rest.Alias{
		{Method: http.MethodPost, Path: "/v1/courses:generate", Target: "/v1/courses/generate"},
		{Method: http.MethodGet, Path: "/v1/tasks/{id}", Target: "/v1/tasks/{id}/status"},
		{Method: http.MethodGet, Path: "/v1/ws/tasks/{task_id}", Target: "/v1/tasks/ws/{task_id}"},
		{Method: http.MethodGet, Path: "/v1/courses/", Target: "/v1/courses"},
		{Method: http.MethodGet, Path: "/v1/tasks/", Target: "/v1/tasks"},
		{Method: http.MethodGet, Path: "/v1/sources/", Target: "/v1/sources"},
		{Method: http.MethodPost, Path: "/v1/sources/", Target: "/v1/sources"},
		{Method: http.MethodGet, Path: "/v1/feeds/", Target: "/v1/feeds"},
		{Method: http.MethodGet, Path: "/v1/feeds/trending/", Target: "/v1/feeds/trending"},
		{Method: http.MethodGet, Path: "/v1/feeds/recommendations/", Target: "/v1/feeds/recommendations"},
		{Method: http.MethodGet, Path: "/v1/feeds/learning-path/", Target: "/v1/feeds/learning-path"},
		{Method: http.MethodGet, Path: "/v1/auth/sessions/", Target: "/v1/auth/sessions"},
		{Method: http.MethodDelete, Path: "/v1/auth/sessions/", Target: "/v1/auth/sessions"},
		{Method: http.MethodPost, Path: "/v1/push/devices", Target: "/v1/push/devices/register"},
		{Method: http.MethodGet, Path: "/v1/push/devices/", Target: "/v1/push/devices"},
		{Method: http.MethodGet, Path: "/v1/notifications/", Target: "/v1/notifications"},
		{Method: http.MethodGet, Path: "/v1/admin/audit/", Target: "/v1/admin/audit"},
		{Method: http.MethodGet, Path: "/v1/reviews/due/", Target: "/v1/reviews/due"},
		{Method: http.MethodGet, Path: "/v1/gamification/achievements/", Target: "/v1/gamification/achievements"},
		{Method: http.MethodGet, Path: "/v1/admin/reports/", Target: "/v1/admin/reports"},
		{Method: http.MethodGet, Path: "/v1/admin/held/", Target: "/v1/admin/held"},
		{Method: http.MethodGet, Path: "/v1/admin/content-rules/", Target: "/v1/admin/content-rules"},
		{Method: http.MethodPost, Path: "/v1/admin/content-rules/", Target: "/v1/admin/content-rules"},
		{Method: http.MethodGet, Path: "/v1/admin/courses/", Target: "/v1/admin/courses"},
		{Method: http.MethodGet, Path: "/v1/admin/topic-rules/", Target: "/v1/admin/topic-rules"},
		{Method: http.MethodPost, Path: "/v1/admin/topic-rules/", Target: "/v1/admin/topic-rules"},
		{Method: http.MethodGet, Path: "/v1/admin/help-resources/", Target: "/v1/admin/help-resources"},
		{Method: http.MethodGet, Path: "/v1/community/posts/", Target: postsPath},
		{Method: http.MethodPost, Path: "/v1/community/posts/", Target: postsPath},
		{Method: http.MethodGet, Path: "/v1/community/posts/{id}/comments/", Target: postPath + "/comments"},
		{Method: http.MethodPost, Path: "/v1/community/posts/{id}/comments/", Target: postPath + "/comments"},
		{Method: http.MethodPost, Path: "/v1/community/reports/", Target: "/v1/community/reports"},
		{Method: http.MethodGet, Path: "/v1/community/blocks/", Target: blocksPath},
		{Method: http.MethodGet, Path: "/v1/health/", Target: "/v1/health"},
	}
}
