package rest

import (
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// describe adds the security requirement and every possible problem to an operation. A public
// operation may describe its own use of a token.
func (a *API) describe(op *huma.Operation, r route) {
	if !r.public {
		op.Security = []map[string][]string{{BearerScheme: {}}}
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range append(r.statuses(), op.Errors...) {
		if op.Responses[strconv.Itoa(status)] == nil {
			op.Responses[strconv.Itoa(status)] = a.problemResponse(status)
		}
	}
	if r.etag {
		op.Responses["304"] = &huma.Response{
			Description: "Nothing changed since the version that If-None-Match names",
			Headers:     map[string]*huma.Header{"ETag": {Schema: &huma.Schema{Type: "string"}}},
		}
	}
	op.Errors = nil // or Huma would describe them in its own way
}

// statuses returns the error statuses that follow from the shape of a route.
func (r route) statuses() []int {
	// Any request may carry an unexpected or malformed query or body.
	all := []int{
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity,
		http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
	add := func(when bool, statuses ...int) {
		if when {
			all = append(all, statuses...)
		}
	}
	add(!r.public, http.StatusUnauthorized, http.StatusForbidden)
	add(r.body, http.StatusUnsupportedMediaType)
	add(len(r.ids) > 0, http.StatusNotFound)
	add(r.match, http.StatusPreconditionFailed)
	add(r.limited(), http.StatusTooManyRequests)
	return all
}

func (a *API) problemResponse(status int) *huma.Response {
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	var names []string
	for _, k := range ProblemTypes() {
		if k.Status == status {
			names = append(names, k.Slug)
		}
	}
	r := &huma.Response{
		Description: strings.Join(names, ", "),
		Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: schema}},
	}
	text, number := &huma.Header{Schema: &huma.Schema{Type: "string"}}, &huma.Header{Schema: &huma.Schema{Type: "integer"}}
	switch status {
	case http.StatusUnauthorized:
		r.Headers = map[string]*huma.Header{"WWW-Authenticate": text}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		r.Headers = map[string]*huma.Header{"Retry-After": number}
	}
	return r
}

// describeLimits adds the fields that report the state of the rate limits. Refusals for other reasons
// carry them too.
func describeLimits(responses map[string]*huma.Response) {
	for status, response := range responses {
		if status >= "300" && status != strconv.Itoa(http.StatusTooManyRequests) {
			continue
		}
		if response.Headers == nil {
			response.Headers = map[string]*huma.Header{}
		}
		field := func(name, doc, example string) {
			response.Headers[name] = &huma.Header{Description: doc, Schema: &huma.Schema{Type: "string", Examples: []any{example}}}
		}
		field("RateLimit-Policy", "The limits this request counts for: q units in w seconds", `"user";q=600;w=60`)
		field("RateLimit", "How they stand: r units left, all back in t seconds", `"user";r=598;t=1`)
	}
}

// Raw adds an operation that writes its own answer, such as a page or a socket. It is public and
// described by hand, and its problems follow from the statuses in op.Errors.
func (a *API) Raw(op huma.Operation, handler gin.HandlerFunc) {
	a.describe(&op, route{public: true})
	a.huma.OpenAPI().AddOperation(&op)
	a.engine.Handle(op.Method, routerPath(op.Path), handler)
}

// Handle adds an operation that Huma cannot describe, such as a socket. Its document is op, with the
// problems of the statuses in op.Errors and the fields of the rate limits.
func (a *API) Handle(op huma.Operation, handler gin.HandlerFunc) {
	for _, status := range op.Errors {
		op.Responses[strconv.Itoa(status)] = a.problemResponse(status)
	}
	op.Errors = nil // or Huma would describe them in its own way
	describeLimits(op.Responses)
	a.huma.OpenAPI().AddOperation(&op)
	a.engine.Handle(op.Method, routerPath(op.Path), handler)
}

// NameParameter describes the path parameter of an operation that is described by hand.
func NameParameter(name string) *huma.Param {
	most := 100 // far more than any name there is
	return &huma.Param{Name: name, In: "path", Required: true, Schema: &huma.Schema{Type: "string", MaxLength: &most}}
}

// routerPath returns a path of the document as the router writes it.
func routerPath(path string) string { return strings.NewReplacer("{", ":", "}", "").Replace(path) }

// AnsweringJSON describes a response of JSON, by its type, and of further media types, for Raw.
func AnsweringJSON[T any](a *API, description string, media ...string) map[string]*huma.Response {
	responses := Answering(description, media...)
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[T](), true, reflect.TypeFor[T]().Name())
	responses["200"].Content["application/json"] = &huma.MediaType{Schema: schema}
	return responses
}

// Answering describes a response by its media types, for raw.
func Answering(description string, media ...string) map[string]*huma.Response {
	r := &huma.Response{Description: description, Content: map[string]*huma.MediaType{}}
	for _, m := range media {
		schema := &huma.Schema{Type: "string"}
		if strings.HasSuffix(m, "json") {
			schema = &huma.Schema{Type: "object", AdditionalProperties: true}
		}
		r.Content[m] = &huma.MediaType{Schema: schema}
	}
	return map[string]*huma.Response{"200": r}
}
