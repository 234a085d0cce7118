package api

import (
	"encoding/json"
	"io"

	"github.com/danielgtaylor/huma/v2"
)

const bearerScheme = "bearer"

// humaConfig returns a Huma configuration without Huma's own pages, links and error documents.
func (s *Server) humaConfig() huma.Config {
	format := huma.Format{Marshal: writeJSON, Unmarshal: decode}
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Lyo", Version: s.Version,
				Description: "The back end of Lyo, a learning app. Every error response is a problem document (RFC 9457); " +
					"/problems explains each type. In the texts, the caller is the user of the access token.",
			},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{bearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The access_token of a sign-in, valid for 30 minutes unless configured otherwise.",
				}},
			},
			Tags: []*huma.Tag{
				{Name: tagAuth, Description: "Accounts and sessions"},
				{Name: tagUsers, Description: "The caller's account, data and statistics"},
				{Name: tagInbox, Description: "The caller's inbox"},
				{Name: tagPush, Description: "Devices, push preferences and pushes"},
				{Name: tagCourses, Description: "Courses and their generation"},
				{Name: tagTasks, Description: "Background tasks and their progress"},
				{Name: tagLearning, Description: "Progress, quizzes and reviews"},
				{Name: tagGame, Description: "Points, achievements and leaderboards"},
				{Name: tagCommunity, Description: "Posts, comments, likes, follows, blocks and reports"},
				{Name: tagAdmin, Description: "For administrators"},
				{Name: tagHealth, Description: "Health of the service and its components"},
				{Name: tagService, Description: "The service, its documents and its pages"},
			},
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{s.transform},
	}
	c.AllowAdditionalPropertiesByDefault = true
	if s.Config.HTTP.PublicURL != "" {
		// The first server is the document's own origin, so that the documentation page works under
		// any host name. The second is for generated clients.
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

// finishDocument adds the aliases and encodes the document that /openapi.json sends.
func (s *Server) finishDocument() error {
	doc := s.huma.OpenAPI()
	for _, a := range aliases() {
		if err := documentAlias(doc, a); err != nil {
			return err
		}
	}
	// Huma registers its own error documents, which are never sent.
	delete(doc.Components.Schemas.Map(), "ErrorModel")
	delete(doc.Components.Schemas.Map(), "ErrorDetail")
	dropOwnKeywords(doc)
	var err error
	s.spec, err = json.Marshal(doc)
	return err
}

// dropOwnKeywords removes the keywords that Huma adds to schemas and OpenAPI does not know. Huma needs
// them only for its messages, which are complete at this point.
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
