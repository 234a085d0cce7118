package rest

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/swaggest/swgui/v5/static"
)

// docsPolicy lets the page run its own scripts and call this service, and nothing else. Swagger UI
// sets styles on elements, which requires unsafe-inline for styles.
const docsPolicy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// TagService is the tag of the service's own pages.
const TagService = "service"

// ServeDocs serves the OpenAPI document and a page to read and try it, both embedded in this binary.
func (a *API) ServeDocs() {
	a.Raw(huma.Operation{
		OperationID: "get-openapi", Method: http.MethodGet, Path: "/openapi.json", Tags: []string{TagService},
		Summary:   "Get the OpenAPI document",
		Responses: Answering("OpenAPI 3.1", "application/json"),
	}, a.sendDocument(func(built documents) []byte { return built.current }))
	a.Raw(huma.Operation{
		OperationID: "get-openapi-3-0", Method: http.MethodGet, Path: "/openapi-3.0.json", Tags: []string{TagService},
		Summary:     "Get the OpenAPI document for older generators",
		Description: "The same as OpenAPI 3.0, for those that do not read 3.1.",
		Responses:   Answering("OpenAPI 3.0", "application/json"),
	}, a.sendDocument(func(built documents) []byte { return built.older }))
	a.Raw(huma.Operation{
		OperationID: "get-docs", Method: http.MethodGet, Path: "/docs", Tags: []string{TagService},
		Summary:     "Open the API reference",
		Description: "A page to read and try the API.",
		Responses:   Answering("A page", "text/html"),
	}, func(c *gin.Context) {
		c.Header("Content-Security-Policy", docsPolicy)
		a.sendFile(c, pageFiles, "pages/docs.html")
	})
	a.Raw(huma.Operation{
		OperationID: "get-docs-file", Method: http.MethodGet, Path: "/docs/{file}", Tags: []string{TagService},
		Summary:    "Get a file of the reference",
		Parameters: []*huma.Param{NameParameter("file")},
		Responses:  Answering("A file", "text/javascript", "text/css", "image/png"),
		Errors:     []int{http.StatusNotFound},
	}, a.docsFile)
}

// sendDocument returns the handler that sends one of the documents.
func (a *API) sendDocument(pick func(documents) []byte) gin.HandlerFunc {
	return func(c *gin.Context) {
		built, err := a.documents()
		if err != nil {
			a.Fail(c, fmt.Errorf("build the OpenAPI document: %w", err))
			return
		}
		c.Data(http.StatusOK, "application/json", pick(built))
	}
}

func (a *API) docsFile(c *gin.Context) {
	switch name := c.Param("file"); name {
	case "start.js", "docs.css":
		a.sendFile(c, pageFiles, "pages/"+name)
	case "swagger-ui-bundle.js", "swagger-ui.css":
		a.sendFile(c, static.FS, name+".gz")
	case "favicon-16x16.png", "favicon-32x32.png":
		a.sendFile(c, static.FS, name)
	default:
		a.NotFound(c)
	}
}

// sendFile sends an embedded file. A file that is stored compressed is sent compressed to clients that
// accept gzip.
func (a *API) sendFile(c *gin.Context, files fs.FS, name string) {
	data, err := fs.ReadFile(files, name)
	if err != nil {
		a.Fail(c, err)
		return
	}
	plain, packed := strings.CutSuffix(name, ".gz")
	switch {
	case packed && takesGzip(c.GetHeader("Accept-Encoding")):
		c.Header("Content-Encoding", "gzip")
		c.Writer.Header().Add("Vary", "Accept-Encoding")
	case packed:
		if data, err = unpack(data); err != nil {
			a.Fail(c, err)
			return
		}
	}
	c.Header("Cache-Control", "public, max-age=3600")
	c.Data(http.StatusOK, MediaType(plain), data)
}

// takesGzip reports whether an Accept-Encoding field accepts gzip.
func takesGzip(accepted string) bool {
	for part := range strings.SplitSeq(strings.ReplaceAll(accepted, " ", ""), ",") {
		coding, weight, weighted := strings.Cut(part, ";q=")
		if coding == "gzip" || coding == "*" {
			return !weighted || strings.Trim(weight, "0.") != ""
		}
	}
	return false
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// MediaType returns the media type of a file of a page, by its name.
func MediaType(name string) string {
	return map[string]string{
		".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8",
		".css": "text/css; charset=utf-8", ".png": "image/png", ".svg": "image/svg+xml",
	}[path.Ext(name)]
}
