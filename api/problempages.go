package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// problems registers the pages that the type of each problem links to.
func (a *API) problems() {
	list, one := newPage("problems.html"), newPage("problem.html")
	a.raw(huma.Operation{
		OperationID: "list-problems", Method: http.MethodGet, Path: "/problems", Tags: []string{tagService},
		Summary:     "List problem types",
		Description: "The types of the problem documents that the API answers errors with.",
		Responses:   answering("A page, or JSON when Accept asks for it", "text/html", "application/json"),
	}, func(c *gin.Context) {
		if wantsJSON(c) {
			a.sent(c, sendJSON(c, problemTypes()))
			return
		}
		a.sent(c, list.write(c, problemTypes()))
	})
	a.raw(huma.Operation{
		OperationID: "get-problem", Method: http.MethodGet, Path: "/problems/{slug}", Tags: []string{tagService},
		Summary:    "Get a problem type",
		Parameters: []*huma.Param{{Name: "slug", In: "path", Required: true, Schema: &huma.Schema{Type: "string"}}},
		Responses:  answering("A page, or JSON when Accept asks for it", "text/html", "application/json"),
		Errors:     []int{http.StatusNotFound},
	}, func(c *gin.Context) { a.problemPage(c, one) })
}

func (a *API) problemPage(c *gin.Context, one page) {
	k, ok := kindOf(c.Param("slug"))
	switch {
	case !ok:
		p := problemOf(slugNotFound, "There is no such problem.")
		p.ResourceType, p.ResourceID = "problem", c.Param("slug")
		a.fail(c, p)
	case wantsJSON(c):
		a.sent(c, sendJSON(c, k))
	default:
		a.sent(c, one.write(c, k))
	}
}

// sent logs an answer that could not be written. Most often the client disconnected.
func (a *API) sent(c *gin.Context, err error) {
	if err != nil {
		ctx := c.Request.Context()
		a.options.Log.DebugContext(ctx, "answer not written", "request_id", requestInfoOf(ctx).id, "error", err)
	}
}
