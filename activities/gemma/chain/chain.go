package chain

import (
	"context"
	"log/slog"
	"time"

	"github.com/lyoapp/lyo/activities/gemma"
)

// Writer is what an endpoint can do, and what a Chain does: see gemma.Client.
type Writer interface {
	Outline(ctx context.Context, r gemma.OutlineRequest, beat gemma.Beat) (gemma.Outline, gemma.Usage, error)
	Lesson(ctx context.Context, r gemma.LessonRequest, beat gemma.Beat) (gemma.LessonText, gemma.Usage, error)
	Practice(ctx context.Context, r gemma.PracticeRequest, beat gemma.Beat) (gemma.Practice, gemma.Usage, error)
	Questions(ctx context.Context, r gemma.QuestionsRequest, beat gemma.Beat) ([]gemma.Question, gemma.Usage, error)
	Solve(ctx context.Context, r gemma.SolveRequest, beat gemma.Beat) ([]int, gemma.Usage, error)
	Summary(ctx context.Context, r gemma.SummaryRequest, beat gemma.Beat) (gemma.CourseSummary, gemma.Usage, error)
	Curate(ctx context.Context, r gemma.CurateRequest, beat gemma.Beat) ([]gemma.Curated, gemma.Usage, error)
	Info() gemma.Info
	Probe(ctx context.Context) (gemma.Info, error)
}

// Endpoint is one server. Name stands in logs, in Usage and in State.
type Endpoint struct {
	Name   string
	Client Writer
}

// Options tune a Chain; the zero value has the defaults.
type Options struct {
	Failures uint32        // in a row open an endpoint's breaker; 3
	Cooldown time.Duration // an open breaker's time until one call may try again; 15 s
	Log      *slog.Logger  // nil logs nothing
}

// Chain is a Writer that tries its endpoints in order.
type Chain struct {
	links    []*link
	cooldown time.Duration
	log      *slog.Logger
}

// New returns a chain over endpoints, the preferred one first. It asks nobody. Without an
// endpoint every call fails with gemma.Misconfigured.
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

// Outline is gemma.Client.Outline by the first endpoint that can.
func (c *Chain) Outline(ctx context.Context, r gemma.OutlineRequest, beat gemma.Beat) (gemma.Outline, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Outline)
}

// Lesson is gemma.Client.Lesson by the first endpoint that can.
func (c *Chain) Lesson(ctx context.Context, r gemma.LessonRequest, beat gemma.Beat) (gemma.LessonText, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Lesson)
}

// Practice is gemma.Client.Practice by the first endpoint that can.
func (c *Chain) Practice(ctx context.Context, r gemma.PracticeRequest, beat gemma.Beat) (gemma.Practice, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Practice)
}

// Questions is gemma.Client.Questions by the first endpoint that can.
func (c *Chain) Questions(ctx context.Context, r gemma.QuestionsRequest, beat gemma.Beat) ([]gemma.Question, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Questions)
}

// Solve is gemma.Client.Solve by the first endpoint that can.
func (c *Chain) Solve(ctx context.Context, r gemma.SolveRequest, beat gemma.Beat) ([]int, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Solve)
}

// Summary is gemma.Client.Summary by the first endpoint that can.
func (c *Chain) Summary(ctx context.Context, r gemma.SummaryRequest, beat gemma.Beat) (gemma.CourseSummary, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Summary)
}

// Curate is gemma.Client.Curate by the first endpoint that can.
func (c *Chain) Curate(ctx context.Context, r gemma.CurateRequest, beat gemma.Beat) ([]gemma.Curated, gemma.Usage, error) {
	return try(ctx, c, r, beat, Writer.Curate)
}

// Info is the first endpoint's; without endpoints it is empty.
func (c *Chain) Info() gemma.Info {
	if len(c.links) == 0 {
		return gemma.Info{}
	}
	return c.links[0].writer.Info()
}

// Probe asks the endpoints in order and returns the first that answers. It neither asks
// nor tells the breakers: listing models says little about answering.
func (c *Chain) Probe(ctx context.Context) (gemma.Info, error) {
	var failed failures
	for _, l := range c.links {
		info, err := l.writer.Probe(ctx)
		if err == nil || !goesOn(err) {
			return info, err
		}
		failed = append(failed, failure{name: l.name, err: err})
	}
	return gemma.Info{}, failed.best(c.cooldown)
}
