package api

import (
	"net"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"github.com/lyoapp/lyo/api/console"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
)

// front serves the root and the console's files.
func (s *Server) front() {
	pages, err := console.New()
	if err != nil {
		panic("api: " + err.Error()) // they are embedded in this binary
	}
	s.root(pages)
	responses := rest.Answering("A file", "text/javascript", "text/css", "image/svg+xml")
	responses["304"] = &huma.Response{Description: "It is the version that If-None-Match names"}
	s.Raw(huma.Operation{
		OperationID: "get-console-file", Method: http.MethodGet, Path: "/console/{file}", Tags: []string{rest.TagService},
		Summary:     "Get a file of the console",
		Description: "Scripts, styles and pictures of the page at /.",
		Parameters:  []*huma.Param{rest.NameParameter("file")},
		Responses:   responses,
		Errors:      []int{http.StatusNotFound},
	}, func(c *gin.Context) { s.consoleFile(c, pages) })
}

// consoleFile sends a file of the console. Browsers revalidate it each time, so that files of two
// versions are not mixed for long.
func (s *Server) consoleFile(c *gin.Context, pages *console.Pages) {
	file, ok := pages.File(c.Param("file"))
	if !ok {
		s.NotFound(c)
		return
	}
	c.Header("Cache-Control", "no-cache")
	tag, same := rest.MatchETag(c.GetHeader("If-None-Match"), file.ETag, true)
	if same {
		c.Header("ETag", tag)
		c.Status(http.StatusNotModified)
		return
	}
	c.Header("ETag", file.ETag)
	c.Data(http.StatusOK, rest.MediaType(c.Param("file")), file.Data)
}

// writeConsole sends the console page.
func (s *Server) writeConsole(c *gin.Context, pages *console.Pages) error {
	c.Header("Content-Security-Policy", console.Policy)
	c.Header("Content-Type", "text/html; charset=utf-8")
	c.Header("Cache-Control", "no-cache")
	c.Writer.Header().Add("Vary", "Accept")
	c.Status(http.StatusOK)
	return pages.WritePage(c.Writer, console.About{Version: s.Version, Environment: string(s.Config.Env), TemporalUI: s.temporalUI()})
}

// temporalUI returns the address of Temporal's UI in development, where lyo dev and the Compose file
// put it. Elsewhere it is empty.
func (s *Server) temporalUI() string {
	if s.Config.Env != config.Development {
		return ""
	}
	host := "localhost"
	if public, err := url.Parse(s.Config.HTTP.PublicURL); err == nil && public.Hostname() != "" {
		host = public.Hostname()
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(s.Config.Dev.TemporalUIPort))
}
