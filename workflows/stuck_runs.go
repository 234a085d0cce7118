package workflows

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"
)

// StuckRun is an open run that does not go on: its workflow task fails repeatedly, for example because
// the code cannot replay its history, or it is still open after its deadline.
type StuckRun struct {
	Workflow, ID string

	Failing bool
	Since   time.Time // the first attempt of the failing workflow task
	Late    bool      // open after its deadline
	Moved   bool      // from the build that it was pinned to
}

const (
	// failingFrom is the attempt from which a workflow task counts as failing.
	failingFrom = 3
	// lookedAt is how many open runs of each age are checked.
	lookedAt = 100
	// lateAfter is how long after its deadline a run counts as late.
	lateAfter = time.Minute
)

// reportedRuns selects the runs of which a server from 1.30 on says itself that their workflow tasks fail.
const reportedRuns = "ExecutionStatus = 'Running' AND TemporalReportedProblems IN ('category=WorkflowTaskFailed', 'category=WorkflowTaskTimedOut')"

// LookForStuckRuns queries Temporal for open runs and returns the stuck ones, sorted by id. It takes those
// that the server reports, and samples up to lookedAt runs of each age: all, those older than an hour, and
// those older than a day. Servers before 1.30, and those whose operator has turned it off, report none.
func LookForStuckRuns(ctx context.Context, c client.Client, namespace string, now time.Time) ([]StuckRun, error) {
	reported, err := listRuns(ctx, c, namespace, reportedRuns)
	if _, unsupported := errors.AsType[*serviceerror.InvalidArgument](err); err != nil && !unsupported {
		return nil, err
	}
	search := runSearch{client: c, now: now, looked: map[string]bool{}}
	search.SetLimit(8)
	search.look(ctx, reported, true)
	for _, age := range []time.Duration{0, time.Hour, 24 * time.Hour} {
		found, err := listRuns(ctx, c, namespace, fmt.Sprintf("ExecutionStatus = 'Running' AND StartTime <= '%s'", now.Add(-age).UTC().Format(time.RFC3339)))
		if err != nil {
			return nil, errors.Join(err, search.Wait())
		}
		search.look(ctx, found, false)
	}
	if err := search.Wait(); err != nil {
		return nil, err
	}
	slices.SortFunc(search.stuck, func(a, b StuckRun) int { return strings.Compare(a.ID, b.ID) })
	return search.stuck, nil
}

func listRuns(ctx context.Context, c client.Client, namespace, query string) ([]*workflow.WorkflowExecutionInfo, error) {
	found, err := c.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{Namespace: namespace, PageSize: lookedAt, Query: query})
	if err != nil {
		return nil, fmt.Errorf("list open runs: %w", err)
	}
	return found.GetExecutions(), nil
}

// runSearch looks at each run once, at several at the same time.
type runSearch struct {
	errgroup.Group

	client client.Client
	now    time.Time
	looked map[string]bool

	mu    sync.Mutex
	stuck []StuckRun
}

// look looks at the runs; reported ones are failing, as long as they have a workflow task.
func (s *runSearch) look(ctx context.Context, runs []*workflow.WorkflowExecutionInfo, reported bool) {
	for _, run := range runs {
		id, runID := run.GetExecution().GetWorkflowId(), run.GetExecution().GetRunId()
		if s.looked[runID] {
			continue
		}
		s.looked[runID] = true
		s.Go(func() error {
			is, err := s.client.DescribeWorkflowExecution(ctx, id, runID)
			if err != nil {
				return fmt.Errorf("look at run %s: %w", id, err)
			}
			if found := stuck(is, reported, s.now); found.Failing || found.Late {
				s.mu.Lock()
				defer s.mu.Unlock()
				s.stuck = append(s.stuck, found)
			}
			return nil
		})
	}
}

// stuck returns the state of a run; one that has ended meanwhile has no workflow task.
func stuck(is *workflowservice.DescribeWorkflowExecutionResponse, reported bool, now time.Time) StuckRun {
	info, task := is.GetWorkflowExecutionInfo(), is.GetPendingWorkflowTask()
	run := StuckRun{
		Workflow: info.GetType().GetName(), ID: info.GetExecution().GetWorkflowId(),
		Failing: task.GetAttempt() >= failingFrom || reported && task != nil,
		Since:   task.GetOriginalScheduledTime().AsTime(),
		Moved:   info.GetVersioningInfo().GetVersioningOverride().GetAutoUpgrade(),
	}
	if ends := is.GetWorkflowExtendedInfo().GetExecutionExpirationTime(); ends != nil && info.GetCloseTime() == nil {
		run.Late = now.After(ends.AsTime().Add(lateAfter - reserve(run.Workflow)))
	}
	return run
}

// CountStuck counts the runs that fail, and those that are late.
func CountStuck(runs []StuckRun) (failing, late int) {
	for _, run := range runs {
		if run.Failing {
			failing++
		}
		if run.Late {
			late++
		}
	}
	return failing, late
}

// RunWatch looks for stuck runs at most once in runsLookedFor, however many callers ask.
type RunWatch struct {
	Client    client.Client
	Namespace string
	Clock     func() time.Time

	mu   sync.Mutex
	last []StuckRun
	err  error
	at   time.Time
	look chan struct{} // closed when the look that is under way has ended; nil: none is
}

const (
	runsLookedFor = 20 * time.Second // how long an answer is passed on
	runsWithin    = 10 * time.Second // how long a look may take
)

// Stuck returns the stuck runs as last seen. Only the first call waits for a look; later ones begin one and
// return the answer before.
func (w *RunWatch) Stuck(ctx context.Context) ([]StuckRun, error) {
	w.mu.Lock()
	first, look := w.at.IsZero(), w.look
	if look == nil && w.Clock().Sub(w.at).Abs() >= runsLookedFor { // by a clock that may have stepped back
		look = make(chan struct{})
		w.look = look
		go w.refresh(context.WithoutCancel(ctx), look)
	}
	w.mu.Unlock()
	if first {
		select {
		case <-look:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last, w.err
}

func (w *RunWatch) refresh(ctx context.Context, look chan struct{}) {
	ctx, cancel := context.WithTimeout(ctx, runsWithin)
	defer cancel()
	found, err := LookForStuckRuns(ctx, w.Client, w.Namespace, w.Clock())
	w.mu.Lock()
	defer w.mu.Unlock()
	w.last, w.err, w.at, w.look = found, err, w.Clock(), nil
	close(look)
}
