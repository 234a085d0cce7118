package rest

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel/trace"

	"github.com/lyoapp/lyo/api/ratelimit"
)

// Options are the settings and collaborators of an API.
type Options struct {
	Info     *huma.Info
	Tags     []*huma.Tag
	Aliases  []Alias
	Sets     map[string][]string // closed sets of values, by the name that the tag set gives
	Examples map[string]Example  // of requests, by operation id
	// PathExamples are the values of path parameters, by the beginning of a path that ends with one.
	PathExamples map[string]string
	PublicURL    string   // where clients reach the service, without a trailing slash
	HostNames    []string // further names of the service, beside that of PublicURL
	AnyHost      bool     // every Host field is accepted, for development
	Origins      []string // of other sites whose pages may call the service
	Proxies      []string // addresses and networks whose X-Forwarded fields are trusted
	CursorKey    []byte   // signs the cursors of lists
	BodyBudget   int64    // bytes of bodies larger than MaxBody that are held at once; 0: no limit
	HealthPath   func(route string) bool
	// Authenticate returns the principal of an access token. Its errors are Unauthenticated and
	// Forbidden, or those of a dependency.
	Authenticate func(ctx context.Context, token string) (Principal, error)
	// NeedAdmin returns Forbidden unless the principal of ctx is an administrator.
	NeedAdmin func(ctx context.Context) error
	// Charge counts a request. Its error is a failure to count. A refusal is in the verdict.
	Charge       func(ctx context.Context, r ratelimit.Request) (ratelimit.Verdict, error)
	UserLimit    ratelimit.Policy // of requests with a token
	AddressLimit ratelimit.Policy // of requests whose token is refused
	Clock        func() time.Time
	Log          *slog.Logger
	// Tracer makes a span for each request, and Seen is called for it. Either may be nil.
	Tracer trace.Tracer
	Seen   RequestSeen
}

// API is the part of the HTTP interface that is the same for every resource. Operations are added by
// Register and Raw, then Finish returns the handler.
type API struct {
	options Options
	engine  *gin.Engine
	huma    huma.API
	proxies proxies
	hosts   hosts
	bodies  map[string]BodyLimits   // by method and path, for those with limits of their own
	room    *bodyBudget             // for large bodies
	inputs  map[string]reflect.Type // of operations, by their id
	closed  map[string]bool         // the components whose closed sets are known to Huma
	// documents builds what the service publishes of itself, once it is asked for: that takes more than everything else
	// at the start of a process.
	documents func() (documents, error)
}

// New returns an API without operations.
func New(o Options) (*API, error) {
	a := &API{options: o, bodies: map[string]BodyLimits{}, room: newBodyBudget(o.BodyBudget), closed: map[string]bool{}, inputs: map[string]reflect.Type{}}
	var err error
	if a.proxies, err = parseProxies(o.Proxies); err != nil {
		return nil, err
	}
	if a.hosts, err = newHosts(o); err != nil {
		return nil, fmt.Errorf("the public address: %w", err)
	}
	if err := a.newEngine(); err != nil {
		return nil, err
	}
	a.huma = humagin.New(a.engine, a.humaConfig())
	return a, nil
}

// Finish returns the whole service: routes, middleware, aliases and compression. Operations are no longer added.
func (a *API) Finish() (http.Handler, error) {
	// Huma registers its own error documents, which are never sent.
	schemas := a.huma.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
	a.documents = sync.OnceValues(a.buildDocuments)
	return a.wrap(a.engine)
}

// OpenAPI returns the document, to be completed by hand before Finish.
func (a *API) OpenAPI() *huma.OpenAPI { return a.huma.OpenAPI() }

// Document returns the document as /openapi.json sends it, after Finish.
func (a *API) Document() ([]byte, error) {
	built, err := a.documents()
	return built.current, err
}

// Routes returns the registered routes.
func (a *API) Routes() gin.RoutesInfo { return a.engine.Routes() }

// PublicURL returns the public address of a path.
func (a *API) PublicURL(path string) string { return a.options.PublicURL + path }

// SocketURL returns the public address of a path with the scheme of WebSockets.
func (a *API) SocketURL(path string) string {
	return "ws" + strings.TrimPrefix(a.PublicURL(path), "http")
}

// Now returns the time as Postgres stores it: UTC, in microseconds.
func (a *API) Now() time.Time { return a.options.Clock().UTC().Truncate(time.Microsecond) }
