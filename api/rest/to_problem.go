package rest

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"syscall"
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
		return a.complete(ctx, NewProblem(SlugGone, "The client hung up before it was answered."))
	case errors.As(err, &coded):
		return a.complete(ctx, a.fromCoded(ctx, coded))
	case unreachable(err) || ctx.Err() != nil:
		a.LogFailure(ctx, "dependency unavailable", err)
		return a.complete(ctx, NewProblem(SlugDependency, "A part of the service does not answer in time. Try again."))
	}
	a.LogFailure(ctx, "request failed", err)
	return a.complete(ctx, NewProblem(SlugServer, "Something went wrong on our side."))
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
	k, _ := ProblemTypeOf(p.slug)
	info := RequestInfoOf(ctx)
	p.Type, p.Title, p.Status = a.PublicURL("/problems/"+k.Slug), k.Title, k.Status
	p.Instance, p.RequestID = info.path, info.ID
	if p.Status == http.StatusServiceUnavailable && p.RetryAfter == 0 {
		p.RetryAfter = int(defaultRetry.Seconds())
	}
	return p
}

// fromCoded maps the error vocabulary to problems.
func (a *API) fromCoded(ctx context.Context, e *store.Error) *Problem {
	p := NewProblem(slugForCode(e), e.Message)
	switch e.Code {
	case store.Invalid:
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, Fault{f.Pointer, f.Location, f.Message})
		}
	case store.NotFound:
		p.ResourceType, p.ResourceID = e.Resource, e.ResourceID
	case store.TopicNotAllowed:
		p.Resources = ViewHelp(e.Resources)
	case store.RateLimited, store.Unavailable:
		p.RetryAfter = int(math.Ceil(max(e.RetryAfter, time.Second).Seconds()))
		if e.RetryAfter == 0 {
			p.RetryAfter = int(defaultRetry.Seconds())
		}
	default: // the words say it all
	}
	if e.Code == store.Unavailable && e.Unwrap() != nil {
		a.LogFailure(ctx, "dependency unavailable", e)
	}
	return p
}

func slugForCode(e *store.Error) string {
	switch e.Code {
	case store.Invalid:
		return SlugValidation
	case store.Unauthenticated:
		return SlugAuth
	case store.Forbidden:
		return SlugDenied
	case store.NotFound:
		return SlugNotFound
	case store.Conflict:
		return SlugConflict
	case store.Precondition:
		return SlugCondition
	case store.ReusedKey:
		return SlugReusedKey
	case store.RateLimited:
		return SlugRateLimited
	case store.TopicNotAllowed:
		return SlugTopic
	case store.Unavailable:
		return slugForPart(e.Part)
	}
	return SlugServer
}

func slugForPart(part string) string {
	switch part {
	case "workflow-engine":
		return SlugEngine
	case "model":
		return SlugModel
	}
	return SlugDependency
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

// dropped reports whether the database ended the connection that a request used.
func dropped(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return strings.HasPrefix(pg.Code, "08") || strings.HasPrefix(pg.Code, "57P0")
	}
	return broken(err) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// broken reports whether the server of a connection failed while the connection was in use.
func broken(err error) bool {
	return errors.Is(err, pgconn.ErrConnClosed) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed)
}

// LogFailure logs an error under the id of its request, unless the client has gone.
func (a *API) LogFailure(ctx context.Context, what string, err error) {
	if errors.Is(ctx.Err(), context.Canceled) {
		return // the client has gone, and what failed is its request
	}
	a.options.Log.ErrorContext(ctx, what, "request_id", RequestInfoOf(ctx).ID, "error", err)
}
