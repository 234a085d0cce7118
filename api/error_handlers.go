package api

import (
	"maps"

	"github.com/gin-gonic/gin"
)

// fail answers a request outside of Huma with a problem.
func (a *API) fail(c *gin.Context, err error) {
	a.writeProblem(c, a.toProblem(c.Request.Context(), err))
}

func (a *API) writeProblem(c *gin.Context, p *Problem) {
	maps.Copy(c.Writer.Header(), p.GetHeaders())
	c.Writer.Header().Set("Content-Type", p.ContentType(""))
	c.Abort()
	c.Status(p.Status)
	a.sent(c, writeJSON(c.Writer, p))
}

// notFound answers for paths that the router does not know.
func (a *API) notFound(c *gin.Context) {
	if len(a.aliasMethods(c.Request.URL.Path)) > 0 {
		a.methodNotAllowed(c)
		return
	}
	p := problemOf(slugNotFound, "There is nothing at this address.")
	p.ResourceType, p.ResourceID = "path", requestInfoOf(c.Request.Context()).path
	a.fail(c, p)
}

// methodNotAllowed completes the Allow field with HEAD and the methods of aliases, which Gin does not
// know.
func (a *API) methodNotAllowed(c *gin.Context) {
	c.Writer.Header().Set("Allow", allowed(c.Writer.Header().Get("Allow"), a.aliasMethods(c.Request.URL.Path)))
	a.fail(c, problemOf(slugMethod, "This address does not take that method."))
}
