package api

import (
	"encoding/json"
	"io"

	"github.com/danielgtaylor/huma/v2"
)

const bearerScheme = "bearer"

// humaConfig is Huma without its own pages, links and error documents.
func (s *Server) humaConfig() huma.Config {
	format := huma.Format{Marshal: writeJSON, Unmarshal: decode}
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
				{Name: tagInbox, Description: "One's inbox: news, whether or not a push told of it"},
				{Name: tagPush, Description: "Devices, and what they are told of"},
				{Name: tagCourses, Description: "Courses and their generation"},
				{Name: tagTasks, Description: "Long work and its progress"},
				{Name: tagLearning, Description: "Progress, quizzes and reviews"},
				{Name: tagGame, Description: "Points, achievements and leaderboards"},
				{Name: tagCommunity, Description: "Posts, comments, and who sees what of whom"},
				{Name: tagAdmin, Description: "For administrators"},
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
		// The first is where the document came from, so that the page to try it
		// works under any name; the second is for generated clients.
		c.Servers = []*huma.Server{{URL: "/"}, {URL: s.Config.HTTP.PublicURL}}
	}
	return c
}

// The tags of the document.
const (
	tagAuth      = "auth"
	tagUsers     = "users"
	tagCourses   = "courses"
	tagTasks     = "tasks"
	tagCommunity = "community"
	tagAdmin     = "admin"
	tagHealth    = "health"
	tagService   = "service"
)

func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
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
	dropOwnKeywords(doc)
	var err error
	s.spec, err = json.Marshal(doc)
	return err
}

// dropOwnKeywords removes what Huma adds to schemas and OpenAPI does not know.
// By now it has done its work, which is to word the complaints.
func dropOwnKeywords(doc *huma.OpenAPI) {
	for _, schema := range doc.Components.Schemas.Map() {
		for _, property := range schema.Properties {
			property.PatternDescription = ""
		}
	}
	for _, item := range doc.Paths {
		for _, operation := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if operation == nil {
				continue
			}
			for _, parameter := range operation.Parameters {
				parameter.Schema.PatternDescription = ""
			}
		}
	}
}
