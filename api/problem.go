package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The slugs of all problems Lyo answers with.
const (
	slugMalformed   = "malformed-request"
	slugValidation  = "validation-error"
	slugAuth        = "authentication-required"
	slugDenied      = "access-denied"
	slugNotFound    = "resource-not-found"
	slugMethod      = "method-not-allowed"
	slugMedia       = "unsupported-media-type"
	slugTooLarge    = "payload-too-large"
	slugConflict    = "conflict"
	slugCondition   = "precondition-failed"
	slugReusedKey   = "idempotency-key-reused"
	slugRateLimited = "rate-limit-exceeded"
	slugServer      = "server-error"
	slugEngine      = "workflow-engine-unavailable"
	slugModel       = "model-unavailable"
	slugDependency  = "dependency-unavailable"
)

// kind is one row of the table of problems, which /problems shows.
type kind struct {
	Slug    string `json:"slug"`
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
}

func kinds() []kind {
	return []kind{
		{slugMalformed, 400, "Malformed request", "The request cannot be read: its JSON does not parse, or a cursor or an id in the path is not one."},
		{slugAuth, 401, "Authentication required", "There is no access token, or it is invalid, expired or revoked, or the credentials are wrong. Sign in or refresh, then try again."},
		{slugDenied, 403, "Access denied", "The token is good but does not allow this: the account may be switched off, or the thing belongs to somebody else."},
		{slugNotFound, 404, "Not found", "There is no such thing, or it is somebody else's and private."},
		{slugMethod, 405, "Method not allowed", "The address exists but does not take this method. The Allow header lists those it takes."},
		{slugConflict, 409, "Conflict", "The request does not fit the present state, for example because an e-mail address is taken or a task has ended."},
		{slugCondition, 412, "Precondition failed", "If-Match names another version than the present one. Read it again, then repeat the change."},
		{slugTooLarge, 413, "Payload too large", "The body is larger than 512 KiB."},
		{slugMedia, 415, "Unsupported media type", "Bodies are JSON: send Content-Type: application/json."},
		{slugValidation, 422, "Validation error", "Fields break a rule. The errors member lists all of them."},
		{slugReusedKey, 422, "Idempotency key reused", "The Idempotency-Key was used before with another request. Use a new key for a new request."},
		{slugRateLimited, 429, "Too many requests", "A limit was reached. Wait as long as Retry-After says."},
		{slugServer, 500, "Server error", "Something went wrong on our side and was logged under the request id."},
		{slugEngine, 503, "Workflow engine unavailable", "The engine that runs long work does not answer. Try again after Retry-After."},
		{slugModel, 503, "Model unavailable", "The language model does not answer. Try again after Retry-After."},
		{slugDependency, 503, "Dependency unavailable", "A part this request needs does not answer in time. Try again after Retry-After."},
	}
}

func kindOf(slug string) (kind, bool) {
	for _, k := range kinds() {
		if k.Slug == slug {
			return k, true
		}
	}
	return kind{}, false
}

// slugOf is the slug for a bare status, as Huma reports one.
func slugOf(status int) string {
	for _, k := range kinds() {
		if k.Status == status {
			return k.Slug
		}
	}
	return slugServer
}

// Problem is every answer that is not 2xx or 304 (RFC 9457).
type Problem struct {
	Type      string `json:"type" format:"uri" doc:"Address of a page that explains this kind of problem"`
	Title     string `json:"title" doc:"The kind of problem in words, always the same for one type"`
	Status    int    `json:"status" doc:"The HTTP status"`
	Detail    string `json:"detail" doc:"What happened this time"`
	Instance  string `json:"instance" doc:"The path that was asked for"`
	RequestID string `json:"request_id" doc:"The X-Request-ID of this answer, for questions about it"`

	Errors       []Fault `json:"errors,omitempty" doc:"validation-error: every rule that was broken"`
	ResourceType string  `json:"resource_type,omitempty" doc:"resource-not-found: what kind of thing is missing"`
	ResourceID   string  `json:"resource_id,omitempty" doc:"resource-not-found: which one"`
	RetryAfter   int     `json:"retry_after,omitempty" doc:"Seconds to wait before trying again"`

	Component *Component `json:"component,omitempty" doc:"Health checks: the part that is not well"`
	Ready     *bool      `json:"ready,omitempty" doc:"Readiness check: false"`
	Timestamp *time.Time `json:"timestamp,omitempty" doc:"Health checks: when this was found"`
	Checks    []Check    `json:"checks,omitempty" doc:"Readiness check: what was asked"`

	slug string
}

// Fault is one broken rule.
type Fault struct {
	Pointer  string `json:"pointer" doc:"RFC 6901 pointer into the body, or the name of a parameter"`
	Location string `json:"location" enum:"body,query,path,header" doc:"Where the value came from"`
	Message  string `json:"message" doc:"The rule, in words"`
}

// problemOf is a Problem that still lacks what belongs to the request; complete adds it.
func problemOf(slug, detail string) *Problem { return &Problem{slug: slug, Detail: detail} }

// malformed is the answer to what cannot be read at all.
func malformed(detail string) *Problem { return problemOf(slugMalformed, detail) }

// Error makes a Problem returnable by handlers.
func (p *Problem) Error() string { return p.Detail }

// GetStatus tells Huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells Huma the media type.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells Huma the fields that go with the status.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	return h
}

var (
	_ huma.StatusError       = (*Problem)(nil)
	_ huma.HeadersError      = (*Problem)(nil)
	_ huma.ContentTypeFilter = (*Problem)(nil)
)
