package failover_test

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

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/failover"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// scripted is a writer whose calls all do the same; its answers contain its name.
type scripted struct {
	name  string
	calls atomic.Int64
	mu    sync.Mutex
	do    func(ctx context.Context, session *llm.Session) error
}

func does(name string, do func(context.Context, *llm.Session) error) *scripted {
	return &scripted{name: name, do: do}
}

func works(name string) *scripted {
	return does(name, func(context.Context, *llm.Session) error { return nil })
}

func fails(name string, err error) *scripted {
	return does(name, func(context.Context, *llm.Session) error { return err })
}

// now sets the result of later calls.
func (s *scripted) now(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.do = func(context.Context, *llm.Session) error { return err }
}

func (s *scripted) count() int { return int(s.calls.Load()) }

func (s *scripted) run(ctx context.Context, session *llm.Session) (llm.Usage, error) {
	s.calls.Add(1)
	s.mu.Lock()
	do := s.do
	s.mu.Unlock()
	return llm.Usage{InputTokens: 10, OutputTokens: 5, Seconds: 2, Calls: 1, Repairs: 1}, do(ctx, session)
}

func (s *scripted) Outline(ctx context.Context, _ llm.OutlineRequest, b *llm.Session) (llm.Outline, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return llm.Outline{Title: s.name}, u, err
}

func (s *scripted) Lesson(ctx context.Context, _ llm.LessonRequest, b *llm.Session) (llm.LessonText, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return llm.LessonText{}, u, err
}

func (s *scripted) Practice(ctx context.Context, _ llm.PracticeRequest, b *llm.Session) (llm.Practice, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return llm.Practice{StudyQuestions: []string{s.name}}, u, err
}

func (s *scripted) Questions(ctx context.Context, _ llm.QuestionsRequest, b *llm.Session) ([]llm.Question, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return []llm.Question{{Prompt: s.name}}, u, err
}

func (s *scripted) Solve(ctx context.Context, _ llm.SolveRequest, b *llm.Session) ([]int, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return []int{len(s.name)}, u, err
}

func (s *scripted) Summary(ctx context.Context, _ llm.SummaryRequest, b *llm.Session) (llm.CourseSummary, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return llm.CourseSummary{}, u, err
}

func (s *scripted) Curate(ctx context.Context, _ llm.CurateRequest, b *llm.Session) ([]llm.Curated, llm.Usage, error) {
	u, err := s.run(ctx, b)
	return []llm.Curated{{Why: s.name}}, u, err
}

func (s *scripted) Info() llm.Info { return llm.Info{Model: s.name} }

func (s *scripted) Probe(ctx context.Context) (llm.Info, error) {
	_, err := s.run(ctx, nil)
	return s.Info(), err
}

func of(writers ...*scripted) []failover.Endpoint {
	var list []failover.Endpoint
	for _, w := range writers {
		list = append(list, failover.Endpoint{Name: w.name, Client: w})
	}
	return list
}

// ask makes a plain call.
func ask(ctx context.Context, c *failover.Chain) (string, llm.Usage, error) {
	out, usage, err := c.Outline(ctx, llm.OutlineRequest{}, nil)
	return out.Title, usage, err
}

func fault(kind llm.Kind, after ...time.Duration) *llm.Error {
	e := &llm.Error{Kind: kind, Message: "it is " + string(kind), Err: errors.New("sk-cause")}
	for _, d := range after {
		e.RetryAfter = d
	}
	return e
}

// logBuffer is a log for concurrent use.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func (b *logBuffer) log() *slog.Logger { return slog.New(slog.NewTextHandler(b, nil)) }
