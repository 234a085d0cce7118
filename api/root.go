package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/lyoapp/lyo/api/console"
	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/rest"
)

// about describes the service.
type about struct {
	Name        string   `json:"name"`
	Version     string   `json:"version"`
	Environment string   `json:"environment" set:"environment"`
	APIDocs     string   `json:"api_docs"`
	Features    []string `json:"features"`
	Status      string   `json:"status" set:"healthy"`
}

// features returns the feature names that clients look for.
func features() []string {
	return []string{
		"async_course_generation", "websocket_progress", "jwt_authentication", "rfc9457_errors",
		"ai_content_curation", "push_notifications", "gamification", "community_feeds",
	}
}

// root serves JSON for programs and the console for browsers.
func (s *Server) root(pages *console.Pages) {
	s.Raw(huma.Operation{
		OperationID: "get-root", Method: http.MethodGet, Path: "/", Tags: []string{rest.TagService},
		Summary:     "Get service information",
		Description: "Name, version and features as JSON. A client that accepts text/html gets the web console.",
		Responses:   rest.AnsweringJSON[about](s.API, "JSON, or a page for browsers", "text/html"),
	}, func(c *gin.Context) {
		if rest.WantsHTML(c) {
			s.LogUnsent(c, s.writeConsole(c, pages))
			return
		}
		s.LogUnsent(c, rest.SendJSON(c, about{
			Name: "Lyo", Version: s.Version, Environment: string(s.Config.Env),
			APIDocs: s.PublicURL("/docs"), Features: features(), Status: health.StatusHealthy,
		}))
	})
}

// jwks serves the public keys of access tokens.
func (s *Server) jwks() {
	s.Raw(huma.Operation{
		OperationID: "get-jwks", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tags: []string{tagAuth},
		Summary:     "List public signing keys",
		Description: "The JSON Web Key Set (RFC 7517) that access tokens are verified with; it may be cached for five minutes.",
		Responses:   rest.AnsweringJSON[keySet](s.API, "A JSON Web Key Set"),
	}, func(c *gin.Context) {
		c.Header("Cache-Control", "public, max-age=300")
		c.Data(http.StatusOK, "application/json", s.Keys.JWKS())
	})
}
