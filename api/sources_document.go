package api

import (
	"github.com/danielgtaylor/huma/v2"
)

// describeUpload documents the forms that uploads are sent in.
func describeUpload(op *huma.Operation) {
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data": {
			Schema: objectSchema("An upload", []string{"file"}, map[string]*huma.Schema{
				"file":  {Type: "string", Format: "binary", Description: "A PDF, Markdown (.md) or plain text of at most 10 MiB."},
				"title": titleSchema("The file's name when absent."),
			}),
			Encoding: map[string]*huma.Encoding{"file": {ContentType: "application/pdf, text/markdown, text/plain, application/octet-stream"}},
		},
	}}
}

// describeSource documents the JSON of createSourceInput. It accepts forms, too, for existing clients.
func describeSource(op *huma.Operation) {
	long, file, one := maxAddress, maxFile, 1
	address := &huma.Schema{Type: "string", Format: "uri", MaxLength: &long, Description: "Begins with https:// and holds no password. Only public addresses are read."}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{
			objectSchema("An address", []string{"url"}, map[string]*huma.Schema{
				"url": address, "title": titleSchema("The page's own when absent; empty until it is read."),
			}),
			objectSchema("A text", []string{"text", "title"}, map[string]*huma.Schema{
				"text": {Type: "string", MinLength: &one, MaxLength: &file, Description: "At most 10 MiB."}, "title": titleSchema(""),
			}),
		}}},
	}}
}

func objectSchema(doc string, required []string, properties map[string]*huma.Schema) *huma.Schema {
	return &huma.Schema{Type: "object", Description: doc, Required: required, Properties: properties}
}

func titleSchema(doc string) *huma.Schema {
	short := maxTitle
	return &huma.Schema{Type: "string", MaxLength: &short, Description: doc}
}
