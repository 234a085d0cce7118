package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.temporal.io/sdk/client"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows"
)

// rollout checks the build that gets new work. It is skipped where no worker was ever versioned.
func (d *doctor) rollout(ctx context.Context) finding {
	const name = "rollout"
	on := d.cfg.Versions.On()
	if d.temporal == nil {
		if on {
			return finding{name, unknown, "Temporal must answer first", ""}
		}
		return finding{}
	}
	deployment := d.cfg.Versions.Deployment
	found, err := d.temporal.WorkerDeploymentClient().GetHandle(deployment).Describe(ctx, client.WorkerDeploymentDescribeOptions{})
	current := found.Info.RoutingConfig.CurrentVersion
	switch {
	case !on && (err != nil || current == nil):
		return finding{}
	case !on:
		return finding{
			name, fault, "LYO_WORKER_VERSIONING is off, and new work goes only to workers of build " + current.BuildID,
			"lyo worker current --unversioned; or set LYO_WORKER_VERSIONING=on",
		}
	case err != nil:
		return finding{name, fault, "Temporal knows no deployment " + deployment, "start a worker, then lyo worker current"}
	case current == nil:
		return finding{name, fault, "no build is current: new work waits", "lyo worker current --build-id " + buildID(d.cfg)}
	}
	return finding{name, fine, "new work goes to build " + current.BuildID, ""}
}

// runs checks that open workflow runs make progress.
func (d *doctor) runs(ctx context.Context) finding {
	const name = "runs"
	if d.temporal == nil {
		return finding{name, unknown, "Temporal must answer first", ""}
	}
	stuck, err := workflows.LookForStuckRuns(ctx, d.temporal, d.cfg.Temporal.Namespace, clock())
	failing, late := workflows.CountStuck(stuck)
	switch {
	case err != nil:
		return finding{name, unknown, "Temporal did not report the open runs", ""}
	case failing > 0:
		first := stuck[slices.IndexFunc(stuck, func(r workflows.StuckRun) bool { return r.Failing })]
		return finding{
			name, fault, fmt.Sprintf("%d open runs are stuck, such as %s: their workflow task keeps failing", failing, first.ID),
			"see the worker's log; if its code cannot replay the runs, start workers of the build that started them, or cancel them: lyo task cancel",
		}
	case late > 0:
		return finding{
			name, fault, fmt.Sprintf("%d runs are open after their deadline, such as %s", late, stuck[0].ID),
			"check that workers poll and that Temporal's timers fire: its history service may be behind",
		}
	}
	return finding{name, fine, "the checked runs make progress", ""}
}

// overdue is the age above which an outbox message should have been dispatched by the relay.
const overdue = time.Minute

func (d *doctor) outbox(ctx context.Context) finding {
	const name = "outbox"
	if d.db == nil {
		return finding{name, unknown, "Postgres must answer first", ""}
	}
	found, err := store.LookAtOutbox(ctx, d.db, clock())
	switch {
	case err != nil:
		return finding{name, unknown, "the schema must be current first", ""}
	case found.Oldest > overdue:
		return finding{
			name, doubt, fmt.Sprintf("%d messages are due, the oldest for %s", found.Due, found.Oldest.Round(time.Second)),
			"workers dispatch them: check that one runs; lyo task show says what a task waits for",
		}
	}
	return finding{name, fine, fmt.Sprintf("%d messages are due, %d more wait in their users' queues", found.Due, found.Waiting), ""}
}

func (d *doctor) model(ctx context.Context) finding {
	const name = "model"
	g := d.cfg.Gemma
	if port := enginePort(d.cfg); port != 0 {
		g.BaseURL = fmt.Sprintf("http://127.0.0.1:%d/v1", port)
	}
	servers, err := modelOf(g, nil, d.log)
	switch {
	case err != nil:
		return finding{name, fault, err.Error(), "correct the LYO_GEMMA_ variables"}
	case servers == nil && g.FallbackOn():
		return finding{name, doubt, "none is configured: courses quote their sources, or are study plans", "make model fetches weights for lyo engine; or set LYO_GEMMA_BASE_URL to a model server"}
	case servers == nil:
		return finding{name, doubt, "none is configured and LYO_GEMMA_FALLBACK is off: courses quote their sources, and without any there is none", "set LYO_GEMMA_BASE_URL, or LYO_GEMMA_FALLBACK=on"}
	}
	info, err := servers.Probe(ctx)
	switch {
	case err == nil:
		return finding{name, fine, info.Model + " answers", ""}
	case llm.KindOf(err) == llm.Misconfigured:
		return finding{name, fault, "the model server rejects requests", "check that LYO_GEMMA_MODEL, LYO_GEMMA_API_KEY and LYO_GEMMA_DIALECT are right"}
	}
	return finding{name, fault, "the model server does not answer", d.run("start lyo engine or your own server, and check that LYO_GEMMA_BASE_URL is its address")}
}

// embeddings asks for the models of the server that makes embeddings, if one is configured.
func (d *doctor) embeddings(ctx context.Context) finding {
	const name = "embeddings"
	cfg := d.cfg
	if served := embeddingsServed(cfg); served != "" && cfg.Embeddings.Model == "" {
		cfg.Embeddings.Model = served
	}
	if port := enginePort(cfg); port != 0 && cfg.Embeddings.BaseURL == "" {
		cfg.Embeddings.BaseURL = fmt.Sprintf("http://127.0.0.1:%d/v1", port)
	}
	if cfg.Embeddings.Model == "" {
		return finding{}
	}
	client := embedderOf(cfg, nil)
	if client == nil {
		return finding{name, doubt, "LYO_EMBEDDINGS_MODEL is set and no server: texts are compared by their words", "set LYO_EMBEDDINGS_BASE_URL or LYO_GEMMA_BASE_URL"}
	}
	_, err := client.Probe(ctx)
	switch {
	case err == nil:
		return finding{name, fine, cfg.Embeddings.Model + " is served", ""}
	case llm.KindOf(err) == llm.Misconfigured:
		return finding{
			name, doubt, "the server of embeddings rejects requests or does not serve " + cfg.Embeddings.Model + ": texts are compared by their words",
			"check LYO_EMBEDDINGS_MODEL, LYO_EMBEDDINGS_API_KEY and, of lyo engine, LYO_ENGINE_EMBEDDINGS_MODEL",
		}
	}
	return finding{
		name, doubt, "the server of embeddings does not answer: texts are compared by their words",
		d.run("start it, and check LYO_EMBEDDINGS_BASE_URL"),
	}
}

func (d *doctor) mail(ctx context.Context) finding {
	const name = "mail"
	if d.cfg.Mail.SMTPURL == "" {
		return finding{name, fine, "mails are written to " + d.cfg.Mail.Dir, ""}
	}
	mailer, err := newMailer(d.cfg.Mail, d.log)
	if err != nil {
		return finding{name, fault, err.Error(), "correct LYO_SMTP_URL and LYO_MAIL_FROM"}
	}
	if err := mailer.Check(ctx); err != nil { // nothing is sent
		return finding{name, fault, strings.TrimPrefix(err.Error(), "mail: "), "start it, and check host, port, user and password in LYO_SMTP_URL"}
	}
	return finding{name, fine, "the mail server lets us in", ""}
}

// component is the health of a component as the API reports it.
type component struct {
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (d *doctor) api(ctx context.Context) finding {
	const name = "api"
	base := "http://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(d.cfg.HTTP.Port))
	var health struct {
		Version    string               `json:"version"`
		Components map[string]component `json:"components"`
	}
	err := getJSON(ctx, base+"/v1/health", &health)
	switch {
	case errors.Is(err, errNotOurs) || err == nil && health.Components == nil:
		return finding{name, fault, fmt.Sprintf("another program uses port %d", d.cfg.HTTP.Port), "stop it, or set LYO_HTTP_PORT"}
	case err != nil:
		return finding{name, fault, "the API does not answer at " + base, d.run("start lyo api")}
	}
	d.health = health.Components
	var ready struct {
		Ready bool `json:"ready"`
	}
	if err := getJSON(ctx, base+"/v1/health/ready", &ready); err != nil || !ready.Ready {
		return finding{name, fault, "the API answers at " + base + " but is not ready", "fix Postgres and the schema first"}
	}
	return finding{name, fine, "version " + health.Version + " answers at " + base, ""}
}

func (d *doctor) push(context.Context) finding {
	const name = "push"
	found, ok := d.health[name]
	switch {
	case !ok:
		return finding{name, unknown, "the API must answer first", ""}
	case found.Status != "healthy":
		return finding{name, fault, found.Message, "check that the LYO_APNS_, LYO_FCM_ and LYO_WEBPUSH_ variables belong to the app that registered the devices"}
	}
	return finding{name, fine, found.Message, ""}
}

var errNotOurs = errors.New("the response is not JSON")

// getJSON decodes a response of the API of any status.
func getJSON(ctx context.Context, address string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if json.NewDecoder(http.MaxBytesReader(nil, answer.Body, 1<<20)).Decode(into) != nil {
		return errNotOurs
	}
	return nil
}
