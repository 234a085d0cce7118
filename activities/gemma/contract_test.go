package gemma_test

import (
	"context"
	"testing"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/builtin"
	"go.uber.org/goleak"
)

// writer is what both writers of courses can do.
type writer interface {
	Probe(ctx context.Context) (gemma.Info, error)
	Outline(ctx context.Context, b gemma.Brief, beat gemma.Beat) (gemma.Outline, gemma.Usage, error)
	Lesson(ctx context.Context, r gemma.LessonRequest, beat gemma.Beat) (string, gemma.Usage, error)
	Practice(ctx context.Context, r gemma.PracticeRequest, beat gemma.Beat) (gemma.Practice, gemma.Usage, error)
	Info() gemma.Info
}

var (
	_ writer = (*gemma.Client)(nil)
	_ writer = builtin.Writer{}
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
