package rest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/ratelimit"
)

const (
	// MaxBody is the maximum size of a body in bytes.
	MaxBody = 512 << 10
	// RouteTimeout is the time limit of a handler, unless Within sets another.
	RouteTimeout = 10 * time.Second
)

// route is the configuration of an operation beyond what Huma knows.
type route struct {
	public  bool
	admin   bool // only for administrators
	timeout time.Duration
	ids     []string // path parameters that are UUIDs
	body    bool     // it reads one
	etag    bool     // it honours If-None-Match
	match   bool     // it honours If-Match
	charges []ratelimit.Charge
	bodies  *BodyLimits // of an operation that accepts forms; nil: the usual ones
	weight  int         // units of the user's limit
	name    string      // the operation's id
	texts   *textRules
}

// limited reports whether the operation can answer 429.
func (r route) limited() bool { return len(r.charges) > 0 }

// form reports whether the operation accepts a multipart form beside JSON.
func (r route) form() bool { return r.bodies != nil }

// repeatable returns a name for a request whose repetition may cost less. Only the client's key
// identifies a repetition.
func (r route) repeatable(key string) string {
	if key == "" || !slices.ContainsFunc(r.charges, func(c ratelimit.Charge) bool { return c.Again != c.Cost }) {
		return ""
	}
	return r.name + " " + key
}

// Option changes a default of a route.
type Option func(*route)

// Public allows requests without a token. Their principal is zero.
func Public(r *route) { r.public = true }

// Admins allows only administrators, by their current role in Postgres.
func Admins(r *route) { r.admin = true }

// Within sets the time limit of an operation.
func Within(d time.Duration) Option { return func(r *route) { r.timeout = d } }

// Charging adds charges to further limits: the user's, or the address's for a public operation. A
// repeated Idempotency-Key costs what Again says.
func Charging(charges ...ratelimit.Charge) Option {
	return func(r *route) { r.charges = append(r.charges, charges...) }
}

// Weighing sets the cost of an operation in units of the user's limit.
func Weighing(units int) Option { return func(r *route) { r.weight = units } }

// AcceptForms lets an operation accept a multipart form beside JSON, with limits of its own.
func AcceptForms(limits BodyLimits) Option {
	return func(r *route) { r.bodies = &limits }
}

// Body is an answer of nothing but a body.
type Body[T any] struct{ Body T }

// Answer returns an answer of nothing but a body.
func Answer[T any](body T) *Body[T] { return &Body[T]{body} }

// NoInput is the input of an operation without parameters.
type NoInput struct{}

// Register adds an operation. By default it needs an access token, costs one unit of the user's limit,
// has ten seconds and reads at most 512 KiB (see bodyLimits). Every error of the handler becomes a
// problem. The document lists all possible problems: those that follow from the shape of the input,
// and others by op.Errors (for example 409). Unknown body fields are ignored.
func Register[I, O any](a *API, op huma.Operation, handler func(context.Context, *I) (*O, error), options ...Option) {
	r := routeOf(reflect.TypeFor[I]())
	refuseHidden(reflect.TypeFor[I](), map[reflect.Type]bool{})
	refuseHidden(reflect.TypeFor[O](), map[reflect.Type]bool{})
	for _, option := range options {
		option(&r)
	}
	r.name = op.OperationID
	a.inputs[op.OperationID] = reflect.TypeFor[I]()
	if !r.public {
		r.charges = append([]ratelimit.Charge{{Policy: a.options.UserLimit, Cost: r.weight, Again: 1}}, r.charges...)
	}
	path := routerPath(op.Path)
	if r.bodies != nil {
		a.bodies[op.Method+" "+path] = *r.bodies
	}
	op.MaxBodyBytes = a.bodyLimits(op.Method, path).Most + 1 // body.go has counted already; Huma refuses the very limit
	op.BodyReadTimeout = -1                                  // body.go has set and lifted a deadline; Huma would leave one behind
	op.Path = trimSlashes(op.Path)
	a.describe(&op, r)
	op.Middlewares = append(huma.Middlewares{a.enter(r)}, op.Middlewares...)
	huma.Register(a.huma, op, func(ctx context.Context, input *I) (*O, error) {
		if broken := RequestInfoOf(ctx).broken; len(broken) > 0 {
			return nil, a.toProblem(ctx, invalid(broken))
		}
		output, err := handler(ctx, input)
		if op.Method == http.MethodGet && dropped(err) && ctx.Err() == nil {
			output, err = handler(ctx, input) // a read may be done twice, and finds another connection
		}
		if err != nil {
			return nil, a.answerError(ctx, err)
		}
		return output, nil
	})
	a.closeSets(OperationAt(a.huma.OpenAPI().Paths[op.Path], op.Method), reflect.TypeFor[I]())
	if r.limited() {
		describeLimits(op.Responses)
	}
}

// answerError passes through errors that are answers themselves, such as 304.
func (a *API) answerError(ctx context.Context, err error) error {
	if same, ok := errors.AsType[*unchanged](err); ok {
		return same
	}
	return a.toProblem(ctx, err)
}

// routeOf derives a route's needs from its input struct.
func routeOf(input reflect.Type) route {
	r := route{timeout: RouteTimeout, weight: 1}
	for _, field := range reflect.VisibleFields(input) {
		r.body = r.body || field.Name == "Body" || field.Name == "RawBody"
		if name, ok := field.Tag.Lookup("path"); ok && field.Type == reflect.TypeFor[uuid.UUID]() {
			r.ids = append(r.ids, name)
		}
		if field.Name == "Body" {
			r.texts = textRulesOf(field.Type, "")
		}
		header := field.Tag.Get("header")
		r.etag = r.etag || header == "If-None-Match"
		r.match = r.match || header == "If-Match"
	}
	return r
}

// refuseHidden panics at start for an embedded struct that Huma would silently ignore. Its parameters
// would stay empty and its members would be missing in the document.
func refuseHidden(t reflect.Type, seen map[reflect.Type]bool) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice || t.Kind() == reflect.Map {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] {
		return
	}
	seen[t] = true
	for field := range t.Fields() {
		if field.Anonymous && !field.IsExported() {
			panic(fmt.Sprintf("api: %s embeds %s: export that type, or Huma passes over its fields", t, field.Type))
		}
		if field.IsExported() {
			refuseHidden(field.Type, seen)
		}
	}
}

// enter runs before Huma reads the request: time limit, token, rate limits, ids and body.
func (a *API) enter(r route) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		c := humagin.Unwrap(hc)
		ctx, cancel := context.WithTimeout(c.Request.Context(), r.timeout)
		defer cancel()
		defer func() {
			c.Request.Body = http.NoBody // or Gin's pool would keep the bytes
			RequestInfoOf(ctx).leaveRoom()
		}()
		ctx, err := a.admit(ctx, c, r)
		if err != nil {
			a.Fail(c, err)
			return
		}
		c.Request = c.Request.WithContext(ctx)
		next(hc)
	}
}

func (a *API) admit(ctx context.Context, c *gin.Context, r route) (context.Context, error) {
	if !r.public {
		who, err := a.options.Authenticate(ctx, BearerToken(c.GetHeader("Authorization")))
		if err != nil {
			return ctx, a.CountRefused(ctx, err)
		}
		ctx = WithPrincipal(ctx, who)
	}
	if r.admin {
		if err := a.options.NeedAdmin(ctx); err != nil {
			return ctx, err
		}
	}
	if err := a.Count(ctx, r.repeatable(c.GetHeader("Idempotency-Key")), r.charges...); err != nil {
		return ctx, err
	}
	for _, name := range r.ids {
		if !IsUUID(c.Param(name)) {
			return ctx, Malformed("The " + name + " in the path is not a UUID.")
		}
	}
	if err := screenQuery(c.Request.URL); err != nil {
		return ctx, err
	}
	return ctx, a.takeBody(ctx, c, r)
}

// IsUUID reports whether a text is a UUID in its usual form.
func IsUUID(text string) bool { return canonicalUUID.MatchString(text) }

var canonicalUUID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
