package api

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/lyoapp/lyo/models/store"
)

// defaultRetry is the default of Retry-After.
const defaultRetry = 5 * time.Second

// toProblem returns a complete Problem for any error, and logs internal errors once. Causes are only
// in the log.
func (a *API) toProblem(ctx context.Context, err error) *Problem {
	var ready *Problem
	var coded *store.Error
	switch {
	case errors.As(err, &ready):
		copied := *ready
		return a.complete(ctx, &copied)
	case hungUp(ctx, err):
		return a.complete(ctx, problemOf(slugGone, "The client hung up before it was answered."))
	case errors.As(err, &coded):
		return a.complete(ctx, a.fromCoded(ctx, coded))
	case unreachable(err) || ctx.Err() != nil:
		a.logFailure(ctx, "dependency unavailable", err)
		return a.complete(ctx, problemOf(slugDependency, "A part of the service does not answer in time. Try again."))
	}
	a.logFailure(ctx, "request failed", err)
	return a.complete(ctx, problemOf(slugServer, "Something went wrong on our side."))
}

// hungUp reports whether a request failed because its client disconnected. A failure by our own
// deadline, or a refusal by a rule of the domain, is not such a failure.
func hungUp(ctx context.Context, err error) bool {
	if !errors.Is(ctx.Err(), context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	code := store.CodeOf(err)
	return code == "" || code == store.Unavailable
}

// complete adds the fields that all problems have.
func (a *API) complete(ctx context.Context, p *Problem) *Problem {
	k, _ := kindOf(p.slug)
	ex := requestInfoOf(ctx)
	p.Type, p.Title, p.Status = a.PublicURL("/problems/"+k.Slug), k.Title, k.Status
	p.Instance, p.RequestID = ex.path, ex.id
	if p.Status == http.StatusServiceUnavailable && p.RetryAfter == 0 {
		p.RetryAfter = int(defaultRetry.Seconds())
	}
	return p
}

// fromCoded maps the error vocabulary to problems.
func (a *API) fromCoded(ctx context.Context, e *store.Error) *Problem {
	p := problemOf(slugForCode(e), e.Message)
	switch e.Code {
	case store.Invalid:
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, Fault{f.Pointer, f.Location, f.Message})
		}
	case store.NotFound:
		p.ResourceType, p.ResourceID = e.Resource, e.ResourceID
	case store.TopicNotAllowed:
		p.Resources = viewHelp(e.Resources)
	case store.RateLimited, store.Unavailable:
		p.RetryAfter = int(math.Ceil(max(e.RetryAfter, time.Second).Seconds()))
		if e.RetryAfter == 0 {
			p.RetryAfter = int(defaultRetry.Seconds())
		}
	default: // the words say it all
	}
	if e.Code == store.Unavailable && e.Unwrap() != nil {
		a.logFailure(ctx, "dependency unavailable", e)
	}
	return p
}

func slugForCode(e *store.Error) string {
	switch e.Code {
	case store.Invalid:
		return slugValidation
	case store.Unauthenticated:
		return slugAuth
	case store.Forbidden:
		return slugDenied
	case store.NotFound:
		return slugNotFound
	case store.Conflict:
		return slugConflict
	case store.Precondition:
		return slugCondition
	case store.ReusedKey:
		return slugReusedKey
	case store.RateLimited:
		return slugRateLimited
	case store.TopicNotAllowed:
		return slugTopic
	case store.Unavailable:
		return slugForPart(e.Part)
	}
	return slugServer
}

func slugForPart(part string) string {
	switch part {
	case "workflow-engine":
		return slugEngine
	case "model":
		return slugModel
	}
	return slugDependency
}

// unreachable reports whether the error is of a component that is unavailable or slow.
func unreachable(err error) bool {
	var dial *pgconn.ConnectError
	var network net.Error
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		// Connection failures, too few resources, operator intervention.
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "53") || strings.HasPrefix(pg.Code, "57")
	}
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, driver.ErrBadConn) || errors.As(err, &dial) || errors.As(err, &network) || broken(err)
}

// broken reports whether the server of a connection failed while the connection was in use.
func broken(err error) bool {
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

func (a *API) logFailure(ctx context.Context, what string, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the client has gone, and what failed is its request
	}
	a.options.Log.ErrorContext(ctx, what, "request_id", requestInfoOf(ctx).id, "error", err)
}
