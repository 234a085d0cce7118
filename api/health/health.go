// Package health answers the health checks of load balancers, operators and clients. Each component is
// asked at most once a second, however many clients ask.
package health

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/redis/go-redis/v9"
	"go.temporal.io/sdk/client"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/workflows"
)

// Tag is the tag of the health routes in the OpenAPI document.
const Tag = "health"

// The statuses of a component.
const (
	StatusHealthy   = "healthy"
	StatusDegraded  = "degraded"
	StatusUnhealthy = "unhealthy"
)

// ModelProbe reports the health of the language model. It must respect its deadline.
type ModelProbe func(context.Context) ModelHealth

// ModelHealth is the health of the language model. Status is healthy, degraded or unhealthy. Message
// and names must be fit for the public.
type ModelHealth struct {
	Status           string     `json:"status" set:"health"`
	Message          string     `json:"message"`
	ModelName        string     `json:"model_name"`
	ModelVersion     string     `json:"model_version"`
	Provider         string     `json:"provider"`
	ChecksumVerified bool       `json:"checksum_verified"`
	SizeMB           float64    `json:"size_mb"`
	LastLoadedAt     *time.Time `json:"last_loaded_at"`
}

type pulse struct {
	Status    string    `json:"status" set:"healthy"`
	Timestamp time.Time `json:"timestamp"`
	Version   string    `json:"version"`
}

type overview struct {
	Status      string     `json:"status" set:"overall_health"`
	Timestamp   time.Time  `json:"timestamp"`
	Version     string     `json:"version"`
	Environment string     `json:"environment" set:"environment"`
	Components  components `json:"components"`
}

type components struct {
	Database  rest.Component `json:"database"`
	Redis     rest.Component `json:"redis"`
	Temporal  rest.Component `json:"temporal"`
	WebSocket rest.Component `json:"websocket"`
	Model     rest.Component `json:"model"`
	Push      rest.Component `json:"push"`
}

type readiness struct {
	Ready     bool         `json:"ready"`
	Timestamp time.Time    `json:"timestamp"`
	Checks    []rest.Check `json:"checks"`
}

type liveness struct {
	Status    string    `json:"status" enum:"alive"`
	Timestamp time.Time `json:"timestamp"`
}

type socketHealth struct {
	rest.Component
	TotalConnections int  `json:"total_connections"`
	ActiveTasks      int  `json:"active_tasks"`
	RedisEnabled     bool `json:"redis_enabled"`
}

type modelHealth struct {
	ModelHealth
	LatencyMS float64 `json:"latency_ms"`
}

// Deps are the components whose health is reported, and what is said of the service.
type Deps struct {
	DB        *gorm.DB
	Redis     redis.UniversalClient // nil: not configured
	Temporal  client.Client         // nil: not configured
	Namespace string                // of Temporal
	Runs      *workflows.RunWatch   // of Temporal; nil: runs are not looked at
	Model     ModelProbe            // nil: not configured
	Hub       *realtime.Hub
	Push      config.Push

	Version, Environment string
}

// handlers are the handlers of the health routes.
type handlers struct {
	Deps
	*rest.API
}

// Register registers the health routes for load balancers, operators and clients.
func Register(api *rest.API, d Deps) {
	h := &handlers{d, api}
	p := newProbes(h)
	h.pulses(p)
	h.part("database", "Check the database", rest.SlugDependency, p.database.look)
	h.part("redis", "Check Redis", rest.SlugDependency, p.redis.look)
	h.part("temporal", "Check Temporal", rest.SlugEngine, p.temporal.look)
	h.part("push", "Check push delivery", rest.SlugDependency, p.push.look)
	rest.Register(h.API, healthOp("websocket", "/v1/health/websocket", "Check live progress", "Answers 200 in any state."), func(ctx context.Context, _ *rest.NoInput) (*rest.Body[socketHealth], error) {
		return rest.Answer(h.socketHealth(ctx, p)), nil
	}, rest.Public)
	rest.Register(h.API, healthOp("model", "/v1/health/model", "Check the language model", unhealthyIs503), func(ctx context.Context, _ *rest.NoInput) (*rest.Body[modelHealth], error) {
		model, component := p.modelHealth(ctx)
		if component.Status == StatusUnhealthy {
			return nil, h.unwell(rest.SlugModel, component)
		}
		return rest.Answer(modelHealth{model, component.LatencyMS}), nil
	}, rest.Public)
}

// pulses registers the health routes of the whole service.
func (h *handlers) pulses(p *probes) {
	rest.Register(h.API, healthOp("pulse", "/health", "Check that the service answers", "Does not look at any dependency."), func(context.Context, *rest.NoInput) (*rest.Body[pulse], error) {
		return rest.Answer(pulse{StatusHealthy, h.Now(), h.Version}), nil
	}, rest.Public)
	rest.Register(h.API, healthOp("live", "/v1/health/live", "Check that the process is alive", "For liveness probes: it does not look at any dependency."), func(context.Context, *rest.NoInput) (*rest.Body[liveness], error) {
		return rest.Answer(liveness{"alive", h.Now()}), nil
	}, rest.Public)
	rest.Register(h.API, healthOp("overview", "/v1/health", "Check all components", "Answers 200 in any state; status is degraded unless every component is healthy."), func(ctx context.Context, _ *rest.NoInput) (*rest.Body[overview], error) {
		return rest.Answer(h.overview(ctx, p)), nil
	}, rest.Public)
	rest.Register(h.API, healthOp("ready", "/v1/health/ready", "Check readiness for requests", "For readiness probes: 503 unless the database takes writes and has the current schema."), func(ctx context.Context, _ *rest.NoInput) (*rest.Body[readiness], error) {
		return h.readiness(ctx, p)
	}, rest.Public)
}

// IsRoute reports whether a route is a health check.
func IsRoute(route string) bool {
	return route == "/health" || route == "/v1/health" || strings.HasPrefix(route, "/v1/health/")
}

// unhealthyIs503 describes the operations on a component that a request may depend on.
const unhealthyIs503 = "Answers 503 while it is unhealthy."

func healthOp(name, path, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: "health-" + name, Method: http.MethodGet, Path: path, Summary: summary, Description: description, Tags: []string{Tag},
	}
}

// part serves the health of one component. It answers 503 when the component is unhealthy.
func (h *handlers) part(name, summary, slug string, look func(context.Context) rest.Component) {
	rest.Register(h.API, healthOp(name, "/v1/health/"+name, summary, unhealthyIs503), func(ctx context.Context, _ *rest.NoInput) (*rest.Body[rest.Component], error) {
		component := look(ctx)
		if component.Status == StatusUnhealthy {
			return nil, h.unwell(slug, component)
		}
		return rest.Answer(component), nil
	}, rest.Public)
}

func (h *handlers) unwell(slug string, component rest.Component) *rest.Problem {
	p := rest.NewProblem(slug, component.Message)
	now := h.Now()
	p.Component, p.Timestamp = &component, &now
	return p
}

func (h *handlers) socketHealth(ctx context.Context, p *probes) socketHealth {
	return socketHealth{
		Component: p.websocket.look(ctx), RedisEnabled: h.Redis != nil,
		TotalConnections: h.Hub.Connections(), ActiveTasks: h.Hub.ActiveTasks(),
	}
}
