package rest

import (
	"maps"

	"github.com/gin-gonic/gin"
)

// Fail answers a request outside of Huma with a problem.
func (a *API) Fail(c *gin.Context, err error) {
	a.writeProblem(c, a.toProblem(c.Request.Context(), err))
}

func (a *API) writeProblem(c *gin.Context, p *Problem) {
	maps.Copy(c.Writer.Header(), p.GetHeaders())
	c.Writer.Header().Set("Content-Type", p.ContentType(""))
	c.Abort()
	c.Status(p.Status)
	a.LogUnsent(c, writeJSON(c.Writer, p))
}

// NotFound answers for paths that the router does not know.
func (a *API) NotFound(c *gin.Context) {
	if len(a.aliasMethods(c.Request.URL.Path)) > 0 {
		a.methodNotAllowed(c)
		return
	}
	p := NewProblem(SlugNotFound, "There is nothing at this address.")
	p.ResourceType, p.ResourceID = "path", RequestInfoOf(c.Request.Context()).path
	a.Fail(c, p)
}

// methodNotAllowed completes the Allow field with HEAD and the methods of aliases, which Gin does not
// know.
func (a *API) methodNotAllowed(c *gin.Context) {
	c.Writer.Header().Set("Allow", allowed(c.Writer.Header().Get("Allow"), a.aliasMethods(c.Request.URL.Path)))
	a.Fail(c, NewProblem(SlugMethod, "This address does not take that method."))
}
