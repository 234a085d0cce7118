package api

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
)

// The statuses of a component.
const (
	statusHealthy   = "healthy"
	statusDegraded  = "degraded"
	statusUnhealthy = "unhealthy"
)

// ModelProbe reports the health of the language model. It must respect its deadline.
type ModelProbe func(context.Context) ModelHealth

// ModelHealth is the health of the language model. Status is healthy, degraded or unhealthy. Message
// and names must be fit for the public.
type ModelHealth struct {
	Status           string     `json:"status" enum:"healthy,degraded,unhealthy"`
	Message          string     `json:"message"`
	ModelName        string     `json:"model_name"`
	ModelVersion     string     `json:"model_version"`
	Provider         string     `json:"provider"`
	ChecksumVerified bool       `json:"checksum_verified"`
	SizeMB           float64    `json:"size_mb"`
	LastLoadedAt     *time.Time `json:"last_loaded_at"`
}

type pulse struct {
	Status    string    `json:"status"`
	Timestamp time.Time `json:"timestamp"`
	Version   string    `json:"version"`
}

type overview struct {
	Status      string     `json:"status" enum:"healthy,degraded"`
	Timestamp   time.Time  `json:"timestamp"`
	Version     string     `json:"version"`
	Environment string     `json:"environment"`
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
	Status    string    `json:"status"`
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

type body[T any] struct{ Body T }

type nothing struct{}

// health registers the health routes for load balancers, operators and clients.
func (s *Server) health() {
	p := newProbes(s)
	s.pulses(p)
	s.part("database", "Check the database", rest.SlugDependency, p.database.look)
	s.part("redis", "Check Redis", rest.SlugDependency, p.redis.look)
	s.part("temporal", "Check Temporal", rest.SlugEngine, p.temporal.look)
	s.part("push", "Check push delivery", rest.SlugDependency, p.push.look)
	rest.Register(s.API, healthOp("websocket", "/v1/health/websocket", "Check live progress", "Answers 200 in any state."), func(ctx context.Context, _ *nothing) (*body[socketHealth], error) {
		return &body[socketHealth]{s.socketHealth(ctx, p)}, nil
	}, rest.Public)
	rest.Register(s.API, healthOp("model", "/v1/health/model", "Check the language model", unhealthyIs503), func(ctx context.Context, _ *nothing) (*body[modelHealth], error) {
		model, component := p.modelHealth(ctx)
		if component.Status == statusUnhealthy {
			return nil, s.unwell(rest.SlugModel, component)
		}
		return &body[modelHealth]{modelHealth{model, component.LatencyMS}}, nil
	}, rest.Public)
}

// pulses registers the health routes of the whole service.
func (s *Server) pulses(p *probes) {
	rest.Register(s.API, healthOp("pulse", "/health", "Check that the service answers", "Does not look at any dependency."), func(context.Context, *nothing) (*body[pulse], error) {
		return &body[pulse]{pulse{statusHealthy, s.now(), s.Version}}, nil
	}, rest.Public)
	rest.Register(s.API, healthOp("live", "/v1/health/live", "Check that the process is alive", "For liveness probes: it does not look at any dependency."), func(context.Context, *nothing) (*body[liveness], error) {
		return &body[liveness]{liveness{"alive", s.now()}}, nil
	}, rest.Public)
	rest.Register(s.API, healthOp("overview", "/v1/health", "Check all components", "Answers 200 in any state; status is degraded unless every component is healthy."), func(ctx context.Context, _ *nothing) (*body[overview], error) {
		return &body[overview]{s.overview(ctx, p)}, nil
	}, rest.Public)
	rest.Register(s.API, healthOp("ready", "/v1/health/ready", "Check readiness for requests", "For readiness probes: 503 unless the database takes writes and has the current schema."), func(ctx context.Context, _ *nothing) (*body[readiness], error) {
		return s.readiness(ctx, p)
	}, rest.Public)
}

// isHealth reports whether a route is a health check.
func isHealth(route string) bool {
	return route == "/health" || route == "/v1/health" || strings.HasPrefix(route, "/v1/health/")
}

// unhealthyIs503 describes the operations on a component that a request may depend on.
const unhealthyIs503 = "Answers 503 while it is unhealthy."

func healthOp(name, path, summary, description string) huma.Operation {
	return huma.Operation{
		OperationID: "health-" + name, Method: http.MethodGet, Path: path, Summary: summary, Description: description, Tags: []string{tagHealth},
	}
}

// part serves the health of one component. It answers 503 when the component is unhealthy.
func (s *Server) part(name, summary, slug string, look func(context.Context) rest.Component) {
	rest.Register(s.API, healthOp(name, "/v1/health/"+name, summary, unhealthyIs503), func(ctx context.Context, _ *nothing) (*body[rest.Component], error) {
		component := look(ctx)
		if component.Status == statusUnhealthy {
			return nil, s.unwell(slug, component)
		}
		return &body[rest.Component]{component}, nil
	}, rest.Public)
}

func (s *Server) unwell(slug string, component rest.Component) *rest.Problem {
	p := rest.NewProblem(slug, component.Message)
	now := s.now()
	p.Component, p.Timestamp = &component, &now
	return p
}

func (s *Server) socketHealth(ctx context.Context, p *probes) socketHealth {
	return socketHealth{
		Component: p.websocket.look(ctx), RedisEnabled: s.Redis != nil,
		TotalConnections: s.Hub.Connections(), ActiveTasks: s.Hub.ActiveTasks(),
	}
}
