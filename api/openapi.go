package api

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

const bearerScheme = "bearer"

// humaConfig is Huma without its own pages, links and error documents.
func (s *Server) humaConfig() huma.Config {
	format := huma.Format{Marshal: func(w io.Writer, v any) error { return writeJSON(w, v) }, Unmarshal: decode}
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Lyo", Version: s.Version,
				Description: "The back end of Lyo, a learning app. Every answer that is not 2xx is a problem document (RFC 9457); " +
					"/problems explains each kind.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The access_token of a sign-in, good for 30 minutes unless configured otherwise.",
				}},
			},
			Tags: []*huma.Tag{
				{Name: tagAuth, Description: "Accounts and sessions"},
				{Name: tagUsers, Description: "One's own profile"},
				{Name: tagCourses, Description: "Courses and their generation"},
				{Name: tagTasks, Description: "Long work and its progress"},
				{Name: tagHealth, Description: "Is everything well?"},
				{Name: tagService, Description: "The service about itself"},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{s.transform},
	}
	c.AllowAdditionalPropertiesByDefault = true
	if s.Config.HTTP.PublicURL != "" {
		c.Servers = []*huma.Server{{URL: s.Config.HTTP.PublicURL}}
	}
	return c
}

// The tags of the document.
const (
	tagAuth    = "auth"
	tagUsers   = "users"
	tagCourses = "courses"
	tagTasks   = "tasks"
	tagHealth  = "health"
	tagService = "service"
)

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// describe fills in security and every problem that can happen.
func (s *Server) describe(op *huma.Operation, r route) {
	op.Security = []map[string][]string{}
	if !r.public {
		op.Security = []map[string][]string{{bearerScheme: {}}}
	}
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range append(r.statuses(), op.Errors...) {
		if op.Responses[strconv.Itoa(status)] == nil {
			op.Responses[strconv.Itoa(status)] = s.problemResponse(status)
		}
	}
	if r.etag {
		op.Responses["304"] = &huma.Response{Description: "Nothing changed since the version that If-None-Match names"}
	}
	op.Errors = nil // or Huma would describe them in its own way
}

// statuses follow from the shape of a route.
func (r route) statuses() []int {
	all := []int{http.StatusInternalServerError, http.StatusServiceUnavailable}
	add := func(when bool, statuses ...int) {
		if when {
			all = append(all, statuses...)
		}
	}
	add(!r.public, http.StatusUnauthorized, http.StatusForbidden)
	add(r.body, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	add(r.params, http.StatusBadRequest, http.StatusUnprocessableEntity)
	add(len(r.ids) > 0, http.StatusBadRequest, http.StatusNotFound)
	add(r.match, http.StatusPreconditionFailed)
	return all
}

func (s *Server) problemResponse(status int) *huma.Response {
	schema := s.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	var names []string
	for _, k := range kinds() {
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

// raw adds an operation that writes its own answer, such as a page or a socket:
// public, described by hand, its problems by the statuses in op.Errors.
func (s *Server) raw(op huma.Operation, handler gin.HandlerFunc) {
	errors := op.Errors
	s.describe(&op, route{public: true})
	for _, status := range errors {
		op.Responses[strconv.Itoa(status)] = s.problemResponse(status)
	}
	s.huma.OpenAPI().AddOperation(&op)
	s.engine.Handle(op.Method, strings.NewReplacer("{", ":", "}", "").Replace(op.Path), handler)
}

// answering describes a response by its media types, for raw.
func answering(description string, media ...string) map[string]*huma.Response {
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

// finishDocument adds the aliases and fixes the bytes that /openapi.json sends.
func (s *Server) finishDocument() error {
	doc := s.huma.OpenAPI()
	for _, a := range aliases() {
		if err := documentAlias(doc, a); err != nil {
			return err
		}
	}
	// Huma registers its own error documents, which nobody gets to see.
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	var err error
	s.spec, err = json.Marshal(doc)
	return err
}

// documentAlias copies the operation an alias stands for.
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
	copied.Description = strings.TrimSpace(copied.Description + " Another spelling of " + a.target + ".")
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
