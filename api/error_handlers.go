package api

import (
	"maps"

	"github.com/gin-gonic/gin"
)

// fail answers a request outside of Huma with a problem.
func (s *Server) fail(c *gin.Context, err error) {
	s.writeProblem(c, s.toProblem(c.Request.Context(), err))
}

func (s *Server) writeProblem(c *gin.Context, p *Problem) {
	maps.Copy(c.Writer.Header(), p.GetHeaders())
	c.Writer.Header().Set("Content-Type", p.ContentType(""))
	c.Abort()
	c.Status(p.Status)
	s.sent(c, writeJSON(c.Writer, p))
}

// notFound answers for paths that the router does not know.
func (s *Server) notFound(c *gin.Context) {
	if len(aliasMethods(c.Request.URL.Path)) > 0 {
		s.methodNotAllowed(c)
		return
	}
	p := problemOf(slugNotFound, "There is nothing at this address.")
	p.ResourceType, p.ResourceID = "path", requestInfoOf(c.Request.Context()).path
	s.fail(c, p)
}

// methodNotAllowed completes the Allow field with HEAD and the methods of aliases, which Gin does not
// know.
func (s *Server) methodNotAllowed(c *gin.Context) {
	c.Writer.Header().Set("Allow", allowed(c.Writer.Header().Get("Allow"), aliasMethods(c.Request.URL.Path)))
	s.fail(c, problemOf(slugMethod, "This address does not take that method."))
}
