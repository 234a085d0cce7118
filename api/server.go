package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/lyoapp/lyo/api/learning"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/trace"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/notify"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// Deps are the collaborators of a Server. The caller owns and closes them.
type Deps struct {
	Config config.Config
	DB     *gorm.DB
	// Redis may be nil. It must respect deadlines (ContextTimeoutEnabled), so that an unresponsive
	// server delays a request by no more than this package allows.
	Redis      redis.UniversalClient
	Temporal   client.Client       // may be nil in tests: then it is reported as not configured
	Runs       *workflows.RunWatch // of Temporal; nil: health does not look at runs
	Keys       *auth.Keys
	Clock      func() time.Time
	Log        *slog.Logger
	Version    string
	Model      health.ModelProbe
	Hub        *realtime.Hub
	Dispatcher *outbox.Dispatcher
	Tickets    *realtime.Tickets
	// Tracer makes a span for each request, and Seen is called for it. Either may be nil.
	Tracer trace.Tracer
	Seen   rest.RequestSeen
	// LimitWithin is the time limit for counting a request in Redis, after which it passes uncounted.
	// 0 means a second.
	LimitWithin time.Duration
	// HashSlots is how many passwords are hashed at once. A value below 1 means 1.
	HashSlots int
}

// Server answers requests. It starts no goroutines that outlive a request.
type Server struct {
	Deps
	*rest.API
	passwords    *auth.Passwords
	slowdown     *slowdown
	access       *auth.AccessTokens
	refresh      *auth.RefreshTokens
	sessionCache *sessionCache
	database     *store.KnownIdentity
	limits       *limits
	feedCache    *circuitbreaker.Guard
	markdown     *markdown
	handler      http.Handler
}

// New registers the routes and builds the OpenAPI document. It makes no network call.
func New(d Deps) (*Server, error) {
	if d.DB == nil || d.Keys == nil || d.Clock == nil || d.Log == nil || d.Hub == nil || d.Dispatcher == nil || d.Tickets == nil {
		return nil, errors.New("api: DB, Keys, Clock, Log, Hub, Dispatcher and Tickets are needed")
	}
	if d.Config.HTTP.CursorKey == "" {
		return nil, errors.New("api: LYO_CURSOR_KEY is needed")
	}
	s := &Server{Deps: d}
	var err error
	if s.refresh, err = auth.NewRefreshTokens(d.Config.HTTP.CursorKey.Reveal()); err != nil {
		return nil, err
	}
	s.passwords = auth.NewPasswords(d.Config.Auth.BcryptCost, d.HashSlots)
	s.slowdown = newSlowdown()
	s.access = auth.NewAccessTokens(d.Keys, d.Config.HTTP.PublicURL, d.Config.Auth.AccessFor, d.Clock)
	s.database = store.NewKnownIdentity(d.DB, d.Clock)
	s.sessionCache = newSessionCache(d)
	d.Hub.OnSignInEnded(s.sessionCache.ended)
	s.limits = newLimits(context.Background(), d)
	s.markdown = newMarkdown()
	s.feedCache = guarded(d, redisWithin)
	if s.API, err = rest.New(s.options()); err != nil {
		return nil, err
	}
	s.routes()
	s.handler, err = s.Finish()
	return s, err
}

func (s *Server) options() rest.Options {
	c := s.Config.HTTP
	return rest.Options{
		Info: documentInfo(s.Version), Tags: documentTags(), Aliases: aliases(),
		Sets: closedSets(), Examples: documentExamples(), PathExamples: pathExamples(),
		PublicURL: c.PublicURL, HostNames: c.AllowedHosts, AnyHost: s.Config.Env == config.Development,
		Origins: c.CORSOrigins, Proxies: c.TrustedProxies, CursorKey: []byte(c.CursorKey.Reveal()), BodyBudget: int64(c.BodyBudget) << 20, HealthPath: health.IsRoute,
		Authenticate: s.authenticate, NeedAdmin: s.needAdmin,
		Charge: s.limits.take, UserLimit: s.limits.user, AddressLimit: s.limits.address,
		Clock: s.Clock, Log: s.Log, Tracer: s.Tracer, Seen: s.Seen,
	}
}

func (s *Server) healthDeps() health.Deps {
	return health.Deps{
		DB: s.DB, Redis: s.Redis, Temporal: s.Temporal, Namespace: s.Config.Temporal.Namespace, Runs: s.Runs, Model: s.Model, Hub: s.Hub,
		Push: s.Config.Push, Version: s.Version, Environment: string(s.Config.Env),
	}
}

func (s *Server) notifyDeps() notify.Deps {
	return notify.Deps{DB: s.DB, Dispatcher: s.Dispatcher, Push: s.Config.Push}
}

func (s *Server) learningDeps() learning.Deps {
	return learning.Deps{DB: s.DB, Redis: guarded(s.Deps, redisWithin)}
}

// redisRest is how long Redis is not called after a failure.
const redisRest = time.Second

// guarded returns a circuit breaker for Redis with the given time limit per call.
func guarded(d Deps, within time.Duration) *circuitbreaker.Guard {
	return &circuitbreaker.Guard{Client: d.Redis, Clock: d.Clock, Log: d.Log, Within: within, Rest: redisRest}
}

// Handler returns the whole service: routes, middleware, aliases and compression.
func (s *Server) Handler() http.Handler { return s.handler }
