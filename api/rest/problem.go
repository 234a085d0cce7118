package rest

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/models/store"
)

// Problem is every answer that is not 2xx or 304 (RFC 9457).
type Problem struct { //nolint:errname // it is a problem, by RFC 9457
	Type      string `json:"type" format:"uri" doc:"URL of a page that explains this type of problem"`
	Title     string `json:"title" doc:"A short title, the same for every problem of the type"`
	Status    int    `json:"status" doc:"The HTTP status"`
	Detail    string `json:"detail" doc:"What went wrong in this request"`
	Instance  string `json:"instance" doc:"The path of the request"`
	RequestID string `json:"request_id" doc:"The X-Request-ID of this response, for support"`

	Errors       []Fault        `json:"errors,omitempty" doc:"validation-error: every rule violated"`
	ResourceType string         `json:"resource_type,omitempty" doc:"resource-not-found: the type of the missing resource"`
	ResourceID   string         `json:"resource_id,omitempty" doc:"resource-not-found: the id of the missing resource"`
	Resources    []HelpResource `json:"resources,omitempty" doc:"topic-not-allowed: where to find help; show it to the user"`
	RetryAfter   int            `json:"retry_after,omitempty" doc:"Seconds to wait before retrying"`

	Component *Component `json:"component,omitempty" doc:"Health checks: the unhealthy component"`
	Ready     *bool      `json:"ready,omitempty" doc:"Readiness check: false"`
	Timestamp *time.Time `json:"timestamp,omitempty" doc:"Health checks: when the check was made"`
	Checks    []Check    `json:"checks,omitempty" doc:"Readiness check: the conditions checked"`

	slug         string
	contentRange string // of range-not-satisfiable
}

// Fault is one violated rule.
type Fault struct {
	Pointer  string `json:"pointer" doc:"RFC 6901 pointer into the body, or the name of a parameter"`
	Location string `json:"location" enum:"body,query,path,header" doc:"Where the value came from"`
	Message  string `json:"message" doc:"The rule, in words"`
}

// Component is the health of one component.
type Component struct {
	Status    string  `json:"status" set:"health"`
	Message   string  `json:"message"`
	LatencyMS float64 `json:"latency_ms" doc:"How long the component took to answer, in milliseconds"`
}

// Check is one condition of readiness.
type Check struct {
	Name    string `json:"name"`
	Status  string `json:"status" set:"check_status"`
	Message string `json:"message"`
}

// HelpResource is a help line or site that a user can contact.
type HelpResource struct {
	Title string   `json:"title" minLength:"1" maxLength:"200" text:"title"`
	Text  string   `json:"text" minLength:"1" maxLength:"2000" text:"prose"`
	Links []string `json:"links" nullable:"false" maxItems:"10" each:"500" doc:"URLs: https, http, tel, sms or mailto."`
}

// ViewHelp returns the resources as clients see them.
func ViewHelp(resources []store.HelpResource) []HelpResource {
	views := make([]HelpResource, 0, len(resources))
	for _, r := range resources {
		views = append(views, HelpResource{r.Title, r.Text, append([]string{}, r.Links...)})
	}
	return views
}

// NewProblem returns a Problem without the fields that depend on the request. complete adds those.
func NewProblem(slug, detail string) *Problem { return &Problem{slug: slug, Detail: detail} }

// Malformed returns the problem for a request that cannot be parsed.
func Malformed(detail string) *Problem { return NewProblem(SlugMalformed, detail) }

// Error makes a Problem returnable by handlers.
func (p *Problem) Error() string { return p.Detail }

// GetStatus returns the status, for Huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType returns the media type, for Huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders returns, for Huma, the fields that go with the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	if p.contentRange != "" {
		h.Set("Content-Range", p.contentRange)
	}
	return h
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)
