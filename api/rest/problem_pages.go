package rest

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
)

// ServeProblems registers the pages that the type of each problem links to.
func (a *API) ServeProblems() {
	list, one := newPage("problems.html"), newPage("problem.html")
	a.Raw(huma.Operation{
		OperationID: "list-problems", Method: http.MethodGet, Path: "/problems", Tags: []string{TagService},
		Summary:     "List problem types",
		Description: "The types of the problem documents that the API answers errors with.",
		Responses:   AnsweringJSON[[]ProblemType](a, "A page, or JSON when Accept asks for it", "text/html"),
	}, func(c *gin.Context) {
		if wantsJSON(c) {
			a.LogUnsent(c, SendJSON(c, ProblemTypes()))
			return
		}
		a.LogUnsent(c, list.write(c, ProblemTypes()))
	})
	a.Raw(huma.Operation{
		OperationID: "get-problem", Method: http.MethodGet, Path: "/problems/{slug}", Tags: []string{TagService},
		Summary:    "Get a problem type",
		Parameters: []*huma.Param{NameParameter("slug")},
		Responses:  AnsweringJSON[ProblemType](a, "A page, or JSON when Accept asks for it", "text/html"),
		Errors:     []int{http.StatusNotFound},
	}, func(c *gin.Context) { a.problemPage(c, one) })
}

func (a *API) problemPage(c *gin.Context, one page) {
	k, ok := ProblemTypeOf(c.Param("slug"))
	switch {
	case !ok:
		p := NewProblem(SlugNotFound, "There is no such problem.")
		p.ResourceType, p.ResourceID = "problem", c.Param("slug")
		a.Fail(c, p)
	case wantsJSON(c):
		a.LogUnsent(c, SendJSON(c, k))
	default:
		a.LogUnsent(c, one.write(c, k))
	}
}

// LogUnsent logs an answer that could not be written. Most often the client disconnected.
func (a *API) LogUnsent(c *gin.Context, err error) {
	if err != nil {
		ctx := c.Request.Context()
		a.options.Log.DebugContext(ctx, "answer not written", "request_id", RequestInfoOf(ctx).ID, "error", err)
	}
}
