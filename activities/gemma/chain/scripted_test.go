package chain_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/chain"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a writer whose calls all do the same; what it answers bears its name.
type scripted struct {
	name  string
	calls atomic.Int64
	mu    sync.Mutex
	do    func(ctx context.Context, beat gemma.Beat) error
}

func does(name string, do func(context.Context, gemma.Beat) error) *scripted {
	return &scripted{name: name, do: do}
}

func works(name string) *scripted {
	return does(name, func(context.Context, gemma.Beat) error { return nil })
}

func fails(name string, err error) *scripted {
	return does(name, func(context.Context, gemma.Beat) error { return err })
}

// now changes what the writer does.
func (s *scripted) now(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = func(context.Context, gemma.Beat) error { return err }
}

func (s *scripted) count() int { return int(s.calls.Load()) }

func (s *scripted) run(ctx context.Context, beat gemma.Beat) (gemma.Usage, error) {
	s.calls.Add(1)
	s.mu.Lock()
	do := s.do
	s.mu.Unlock()
	return gemma.Usage{InputTokens: 10, OutputTokens: 5, Seconds: 2, Calls: 1, Repairs: 1}, do(ctx, beat)
}

func (s *scripted) Outline(ctx context.Context, _ gemma.OutlineRequest, b gemma.Beat) (gemma.Outline, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return gemma.Outline{Title: s.name}, u, err
}

func (s *scripted) Lesson(ctx context.Context, _ gemma.LessonRequest, b gemma.Beat) (gemma.LessonText, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return gemma.LessonText{}, u, err
}

func (s *scripted) Practice(ctx context.Context, _ gemma.PracticeRequest, b gemma.Beat) (gemma.Practice, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return gemma.Practice{StudyQuestions: []string{s.name}}, u, err
}

func (s *scripted) Questions(ctx context.Context, _ gemma.QuestionsRequest, b gemma.Beat) ([]gemma.Question, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return []gemma.Question{{Prompt: s.name}}, u, err
}

func (s *scripted) Solve(ctx context.Context, _ gemma.SolveRequest, b gemma.Beat) ([]int, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return []int{len(s.name)}, u, err
}

func (s *scripted) Summary(ctx context.Context, _ gemma.SummaryRequest, b gemma.Beat) (gemma.CourseSummary, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return gemma.CourseSummary{}, u, err
}

func (s *scripted) Curate(ctx context.Context, _ gemma.CurateRequest, b gemma.Beat) ([]gemma.Curated, gemma.Usage, error) {
	u, err := s.run(ctx, b)
	return []gemma.Curated{{Why: s.name}}, u, err
}

func (s *scripted) Info() gemma.Info { return gemma.Info{Model: s.name} }

func (s *scripted) Probe(ctx context.Context) (gemma.Info, error) {
	_, err := s.run(ctx, nil)
	return s.Info(), err
}

func of(writers ...*scripted) []chain.Endpoint {
	var list []chain.Endpoint
	for _, w := range writers {
		list = append(list, chain.Endpoint{Name: w.name, Client: w})
	}
	return list
}

// ask makes a plain call.
func ask(ctx context.Context, c *chain.Chain) (string, gemma.Usage, error) {
	out, usage, err := c.Outline(ctx, gemma.OutlineRequest{}, nil)
	return out.Title, usage, err
}

func fault(kind gemma.Kind, after ...time.Duration) *gemma.Error {
	e := &gemma.Error{Kind: kind, Message: "it is " + string(kind), Err: errors.New("sk-cause")}
	for _, d := range after {
		e.RetryAfter = d
	}
	return e
}

// book is a log that many goroutines may write.
type book struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *book) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *book) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *book) log() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
