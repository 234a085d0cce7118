package api

import (
	"net/http"

	"github.com/lyoapp/lyo/api/rest"
)

// aliases returns the other spellings of the contract's addresses. They are not in the OpenAPI document.
// Those that end in a slash need no rewriting, because every trailing slash is dropped.
func aliases() []rest.Alias {
	return []rest.Alias{
		{Method: http.MethodPost, Path: "/v1/courses:generate", Target: "/v1/courses/generate"},
		{Method: http.MethodGet, Path: "/v1/tasks/{id}", Target: "/v1/tasks/{id}/status"},
		{Method: http.MethodGet, Path: "/v1/ws/tasks/{task_id}", Target: "/v1/tasks/ws/{task_id}"},
		{Method: http.MethodPost, Path: "/v1/push/devices", Target: "/v1/push/devices/register"},
	}
}
