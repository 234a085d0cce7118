package main

import (
	"log/slog"
	"net/http"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/builtin"
	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/activities/safety"
	"github.com/lyoapp/lyo/config"
)

// writing returns the writers of courses: the model servers in order, then the built-in outline
// writer if that is allowed.
func (a *app) writing() *activities.CourseActivities {
	w := &activities.CourseActivities{DB: a.db, Clock: clock, Log: a.log, Titles: a.cfg.Temporal.TitlesOn(), Spent: a.spent}
	if a.model != nil {
		w.Model = a.model
	}
	if s := a.cfg.Safety; s.BaseURL != "" {
		w.Safety = safety.New(safety.Options{BaseURL: s.BaseURL, Model: s.Model, APIKey: s.APIKey.Reveal(), Client: a.traces.Client()})
	}
	if e := embedderOf(a.cfg, a.traces.Client()); e != nil {
		w.Embedder = e
	}
	if a.cfg.Gemma.FallbackOn() {
		w.Builtin = builtin.New()
	}
	return w
}

// embedderOf returns the client of the model that makes embeddings; nil without one. It speaks the dialect of
// the server that writes courses where that server is asked.
func embedderOf(cfg config.Config, via *http.Client) *llm.Client {
	e := cfg.Embeddings
	if e.Model == "" || e.BaseURL == "" {
		return nil
	}
	o := llm.Options{BaseURL: e.BaseURL, Model: e.Model, APIKey: e.APIKey.Reveal(), HTTPClient: via}
	if e.BaseURL == cfg.Gemma.BaseURL {
		o.Dialect = llm.Dialect(cfg.Gemma.Dialect)
	}
	return llm.New(o)
}

// checking returns what checks the quality of courses.
func (a *app) checking() *activities.QualityActivities {
	q := &activities.QualityActivities{DB: a.db, Clock: clock, Log: a.log, Titles: a.cfg.Temporal.TitlesOn()}
	if e := embedderOf(a.cfg, a.traces.Client()); e != nil {
		q.Embedder = e
	}
	return q
}

// modelOf returns the failover chain of the configured servers; nil without any. It holds the
// servers' circuit breakers, so each process creates one. It sends no request itself; requests
// use the client.
func modelOf(g config.Gemma, via *http.Client, log *slog.Logger) (*failover.Chain, error) {
	servers, err := endpoints(g)
	if err != nil || len(servers) == 0 {
		return nil, err
	}
	var links []failover.Endpoint
	for _, e := range servers {
		client := llm.New(llm.Options{
			BaseURL: e.BaseURL, Model: e.Model, APIKey: e.APIKey, Dialect: e.Dialect, IdleTimeout: g.StallAfter, HTTPClient: via,
		})
		links = append(links, failover.Endpoint{Name: e.Name, Client: client})
	}
	return failover.New(links, failover.Options{Log: log}), nil
}

// endpoints lists the configured servers: LYO_GEMMA_BASE_URL first, then LYO_GEMMA_ENDPOINTS.
func endpoints(g config.Gemma) ([]failover.EndpointConfig, error) {
	var servers []failover.EndpointConfig
	if g.BaseURL != "" {
		dialect, err := llm.ParseDialect(g.Dialect)
		if err != nil {
			return nil, err
		}
		servers = append(servers, failover.EndpointConfig{
			Name: "main", BaseURL: g.BaseURL, Model: g.Model, APIKey: g.APIKey.Reveal(), Dialect: dialect,
		})
	}
	if g.Endpoints != "" {
		more, err := failover.ParseEndpoints([]byte(g.Endpoints.Reveal()))
		if err != nil {
			return nil, err
		}
		servers = append(servers, more...)
	}
	return servers, nil
}
