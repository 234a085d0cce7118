package failover

import (
	"context"
	"log/slog"
	"time"

	"github.com/lyoapp/lyo/activities/llm"
)

// Writer is the interface of endpoints, and of a Chain: see llm.Client.
type Writer interface {
	Outline(ctx context.Context, r llm.OutlineRequest, session *llm.Session) (llm.Outline, llm.Usage, error)
	Lesson(ctx context.Context, r llm.LessonRequest, session *llm.Session) (llm.LessonText, llm.Usage, error)
	Practice(ctx context.Context, r llm.PracticeRequest, session *llm.Session) (llm.Practice, llm.Usage, error)
	Questions(ctx context.Context, r llm.QuestionsRequest, session *llm.Session) ([]llm.Question, llm.Usage, error)
	Solve(ctx context.Context, r llm.SolveRequest, session *llm.Session) ([]int, llm.Usage, error)
	Summary(ctx context.Context, r llm.SummaryRequest, session *llm.Session) (llm.CourseSummary, llm.Usage, error)
	Curate(ctx context.Context, r llm.CurateRequest, session *llm.Session) ([]llm.Curated, llm.Usage, error)
	Info() llm.Info
	Probe(ctx context.Context) (llm.Info, error)
}

// Endpoint is one server. Name appears in logs, in Usage and in State.
type Endpoint struct {
	Name   string
	Client Writer
}

// Options configure a Chain; the zero value has the defaults.
type Options struct {
	Failures uint32        // in a row that open an endpoint's breaker; 3
	Cooldown time.Duration // from an open breaker to one trial call; 15 s
	Log      *slog.Logger  // nil logs nothing
}

// Chain is a Writer that tries its endpoints in order.
type Chain struct {
	links    []*link
	cooldown time.Duration
	log      *slog.Logger
}

// New returns a chain over endpoints, the preferred one first. It makes no request. Without
// an endpoint every call fails with llm.Misconfigured.
func New(endpoints []Endpoint, o Options) *Chain {
	if o.Failures == 0 {
		o.Failures = 3
	}
	if o.Cooldown <= 0 {
		o.Cooldown = 15 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	c := &Chain{cooldown: o.Cooldown, log: o.Log}
	for _, e := range endpoints {
		c.links = append(c.links, newLink(e, o))
	}
	return c
}

// Outline calls llm.Client.Outline on the first endpoint that works.
func (c *Chain) Outline(ctx context.Context, r llm.OutlineRequest, session *llm.Session) (llm.Outline, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Outline)
}

// Lesson calls llm.Client.Lesson on the first endpoint that works.
func (c *Chain) Lesson(ctx context.Context, r llm.LessonRequest, session *llm.Session) (llm.LessonText, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Lesson)
}

// Practice calls llm.Client.Practice on the first endpoint that works.
func (c *Chain) Practice(ctx context.Context, r llm.PracticeRequest, session *llm.Session) (llm.Practice, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Practice)
}

// Questions calls llm.Client.Questions on the first endpoint that works.
func (c *Chain) Questions(ctx context.Context, r llm.QuestionsRequest, session *llm.Session) ([]llm.Question, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Questions)
}

// Solve calls llm.Client.Solve on the first endpoint that works.
func (c *Chain) Solve(ctx context.Context, r llm.SolveRequest, session *llm.Session) ([]int, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Solve)
}

// Summary calls llm.Client.Summary on the first endpoint that works.
func (c *Chain) Summary(ctx context.Context, r llm.SummaryRequest, session *llm.Session) (llm.CourseSummary, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Summary)
}

// Curate calls llm.Client.Curate on the first endpoint that works.
func (c *Chain) Curate(ctx context.Context, r llm.CurateRequest, session *llm.Session) ([]llm.Curated, llm.Usage, error) {
	return try(ctx, c, r, session, Writer.Curate)
}

// Info returns the first endpoint's; without endpoints it is empty.
func (c *Chain) Info() llm.Info {
	if len(c.links) == 0 {
		return llm.Info{}
	}
	return c.links[0].writer.Info()
}

// Probe probes the endpoints in order and returns the first answer. It neither uses nor
// updates the breakers: listing models is no proof of health.
func (c *Chain) Probe(ctx context.Context) (llm.Info, error) {
	var failed failures
	for _, l := range c.links {
		info, err := l.writer.Probe(ctx)
		if err == nil || !goesOn(err) {
			return info, err
		}
		failed = append(failed, failure{name: l.name, err: err})
	}
	return llm.Info{}, failed.best(c.cooldown)
}
