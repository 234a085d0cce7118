package rest

import (
	"encoding/json"
	"io"

	"github.com/danielgtaylor/huma/v2"
)

// The tags that operations of several packages carry.
const (
	TagUsers = "users"
	TagAdmin = "admin"
)

// BearerScheme is the name of the security scheme of access tokens in the document.
const BearerScheme = "bearer"

// humaConfig returns a Huma configuration without Huma's own pages, links and error documents.
func (a *API) humaConfig() huma.Config {
	format := huma.Format{Marshal: writeJSON, Unmarshal: DecodeJSON}
	c := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info:    a.options.Info,
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer),
				SecuritySchemes: map[string]*huma.SecurityScheme{BearerScheme: {
					Type: "http", Scheme: "bearer", BearerFormat: "JWT",
					Description: "The access_token of a sign-in, valid for 30 minutes unless configured otherwise.",
				}},
			},
			Tags: a.options.Tags,
		},
		Formats:       map[string]huma.Format{"application/json": format, "json": format},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{a.transform},
	}
	c.AllowAdditionalPropertiesByDefault = true
	// The first server is the document's own origin, so that the documentation page works under any host
	// name. The second is for generated clients.
	c.Servers = []*huma.Server{{URL: "/"}}
	if a.options.PublicURL != "" {
		c.Servers = append(c.Servers, &huma.Server{URL: a.options.PublicURL})
	}
	return c
}

// writeJSON encodes an answer.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(withoutNullLists(v))
}
