package api

import (
	"net/url"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
)

// fillAddress accepts a well-formed address. Whether it may be fetched is checked by the worker when
// it fetches.
func fillAddress(source *courses.Source, address string, faults *rest.FieldFaults) {
	source.Kind, source.MediaType, source.URL = "web", "text/html", &address
	if utf8.RuneCountInString(address) > maxAddress {
		faults.Add("url", "must have at most 2000 characters")
		return
	}
	at, err := url.Parse(address)
	switch {
	case err != nil || at.Hostname() == "" || at.Opaque != "":
		faults.Add("url", "is not the address of a web page")
	case at.Scheme != "https":
		faults.Add("url", "must begin with https://")
	case at.User != nil:
		faults.Add("url", "must not hold a user name or a password")
	}
}

// describeUpload documents what createSourceInput takes.
func describeUpload(op *huma.Operation) {
	short := maxTitle
	title := func(doc string) *huma.Schema {
		return &huma.Schema{Type: "string", MaxLength: &short, Description: doc}
	}
	long, one := maxAddress, 1
	address := &huma.Schema{Type: "string", Format: "uri", MaxLength: &long, Description: "Begins with https:// and holds no password. Only public addresses are read."}
	object := func(doc string, required []string, properties map[string]*huma.Schema) *huma.Schema {
		return &huma.Schema{Type: "object", Description: doc, Required: required, Properties: properties}
	}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"multipart/form-data": {
			Schema: object("An upload", []string{"file"}, map[string]*huma.Schema{
				"file":  {Type: "string", Format: "binary", Description: "A PDF, Markdown (.md) or plain text of at most 10 MiB."},
				"title": title("The file's name when absent."),
			}),
			Encoding: map[string]*huma.Encoding{"file": {ContentType: "application/pdf, text/markdown, text/plain, application/octet-stream"}},
		},
		"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{
			object("An address", []string{"url"}, map[string]*huma.Schema{
				"url": address, "title": title("The page's own when absent; empty until it is read."),
			}),
			object("A text", []string{"text", "title"}, map[string]*huma.Schema{
				"text": {Type: "string", MinLength: &one, Description: "At most 10 MiB."}, "title": title(""),
			}),
		}}},
	}}
}
