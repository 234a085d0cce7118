package rest

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"
)

//go:embed pages
var pageFiles embed.FS

// page is an HTML page with an inline style and no script.
type page struct {
	body *template.Template
	csp  string
}

// newPage parses a page and the style that all pages share. The policy allows that style by its digest
// and nothing else.
func newPage(name string) page {
	style, err := pageFiles.ReadFile("pages/style.css")
	if err != nil {
		panic("api: " + err.Error())
	}
	sum := sha256.Sum256(style)
	functions := template.FuncMap{"style": func() template.CSS { return template.CSS(style) }} //nolint:gosec // it is embedded in this binary
	return page{
		body: template.Must(template.New(name).Funcs(functions).ParseFS(pageFiles, "pages/"+name)),
		csp: "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
			"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
	}
}

func (p page) write(c *gin.Context, data any) error {
	c.Header("Content-Security-Policy", p.csp)
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Writer.Header().Add("Vary", "Accept")
	c.Status(http.StatusOK)
	return p.body.Execute(c.Writer, data)
}

// WantsHTML reports whether the Accept field is that of a browser.
func WantsHTML(c *gin.Context) bool { return strings.Contains(c.GetHeader("Accept"), "text/html") }

// wantsJSON reports whether the Accept field names JSON and not HTML.
func wantsJSON(c *gin.Context) bool {
	return !WantsHTML(c) && strings.Contains(c.GetHeader("Accept"), "json")
}

// SendJSON answers a Raw operation with JSON.
func SendJSON(c *gin.Context, v any) error {
	c.Header("Content-Type", "application/json")
	c.Writer.Header().Add("Vary", "Accept")
	c.Status(http.StatusOK)
	return writeJSON(c.Writer, v)
}
