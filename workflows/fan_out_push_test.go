package workflows_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// pushRun runs one FanOutPush with scripted activities.
type pushRun struct {
	*testsuite.TestWorkflowEnvironment
	in        workflows.FanOutPushInput
	pages     [][]activities.Shard // results of CutShards, in turn
	cuts      []activities.Shard   // its inputs
	mu        sync.Mutex           // guards delivered
	delivered []activities.Shard
	deliver   func(activities.Shard) (activities.PushCounts, error)
	totals    []activities.PushCounts // results of CountPushes, in turn; the last one repeats
	finished  *activities.FinishInput
	results   []activities.Result // of the task, after its end
}

func newPushRun() *pushRun {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	p := &pushRun{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment()}
	p.in.Broadcast = &workflows.PushBroadcast{TaskID: uuid.New(), BroadcastID: uuid.New(), Everyone: true, Seq: 1}
	p.deliver = func(activities.Shard) (activities.PushCounts, error) {
		return activities.PushCounts{Accepted: 500}, nil
	}
	p.RegisterActivity(&activities.PushActivities{})
	p.RegisterActivity(&activities.ProgressActivities{})
	p.RegisterWorkflow(workflows.PushShard)
	filled := 0
	p.OnActivity("FillInboxes", mock.Anything, mock.Anything).Return(func(context.Context, activities.FillInput) (activities.Filled, error) {
		filled++
		return activities.Filled{Last: uuid.New(), Done: filled == 3}, nil
	})
	p.OnActivity("CountDevices", mock.Anything, mock.Anything).Return(1500, nil)
	p.OnActivity("CutShards", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Shard) ([]activities.Shard, error) {
		p.cuts = append(p.cuts, in)
		if len(p.pages) == 0 {
			return nil, nil
		}
		page := p.pages[0]
		p.pages = p.pages[1:]
		return page, nil
	})
	p.OnActivity("DeliverPushes", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.Shard) (activities.PushCounts, error) {
		p.mu.Lock() // shards run concurrently
		defer p.mu.Unlock()
		p.delivered = append(p.delivered, in)
		return p.deliver(in)
	})
	p.OnActivity("CountPushes", mock.Anything, mock.Anything).Return(func(context.Context, uuid.UUID) (activities.PushCounts, error) {
		counts := p.totals[0]
		if len(p.totals) > 1 {
			p.totals = p.totals[1:]
		}
		return counts, nil
	})
	p.OnActivity("AddProgress", mock.Anything, mock.Anything).Return(activities.Recorded{Urgency: 3}, nil)
	p.OnActivity("FinishTask", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.FinishInput) (activities.Recorded, error) {
		p.finished = &in
		return activities.Recorded{Events: in.Rest}, nil
	})
	p.OnActivity("CorrectResult", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CorrectInput) error {
		p.results = append(p.results, in.Counts.Result())
		return nil
	})
	return p
}

func (p *pushRun) shards(n int) []activities.Shard {
	shards := make([]activities.Shard, n)
	for i := range shards {
		shards[i] = activities.Shard{Broadcast: p.in.Broadcast.BroadcastID, Upto: activities.PushPlace{User: uuid.New(), Device: uuid.New()}}
	}
	return shards
}

func (p *pushRun) run() { p.ExecuteWorkflow(workflows.FanOutPush, p.in) }

func (p *pushRun) last() activities.Event { return p.finished.Rest[len(p.finished.Rest)-1] }

func TestABroadcastDeliversEveryShard(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	p.pages = [][]activities.Shard{p.shards(activities.ShardsCut), p.shards(3)}
	p.totals = []activities.PushCounts{{Accepted: 11_400, Dead: 100}}
	p.run()
	require.NoError(t, p.GetWorkflowError())
	require.Len(t, p.delivered, activities.ShardsCut+3)
	require.Len(t, p.cuts, 2)
	require.Equal(t, activities.Done, p.last().State)
	require.Equal(t, 11_400, p.last().Result["accepted"])
	require.Equal(t, 100, p.last().Result["dead"])
	value, err := p.QueryWorkflow(workflows.QueryProgress, 1)
	require.NoError(t, err)
	var answer workflows.ProgressAnswer
	require.NoError(t, value.Get(&answer))
	percent := 0
	for i, e := range answer.Events {
		require.EqualValues(t, i+2, e.Seq)
		require.GreaterOrEqual(t, e.Progress, percent)
		percent = e.Progress
	}
	require.Equal(t, 100, percent)
	require.Greater(t, len(answer.Events), 4)
}

// TestWhoIsPutOffComesLater ends the task while quiet hours last. Deferred devices get their
// push afterwards, and the task's result is corrected.
func TestWhoIsPutOffComesLater(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	soon, morning := p.Now().Add(30*time.Second), p.Now().Add(9*time.Hour)
	p.pages = [][]activities.Shard{p.shards(1), p.shards(1)}
	p.totals = []activities.PushCounts{
		{Accepted: 490, Retry: 5, Deferred: 5, Next: &soon}, {Accepted: 495, Deferred: 5, Next: &morning},
	}
	for range 8 { // one check an hour
		p.totals = append(p.totals, activities.PushCounts{Accepted: 495, Deferred: 5, Next: &morning})
	}
	p.totals = append(p.totals, activities.PushCounts{Accepted: 500})
	began := p.Now()
	p.run()
	require.NoError(t, p.GetWorkflowError())
	require.Equal(t, activities.Result{"accepted": 495, "failed": 0, "dead": 0, "deferred": 5, "skipped": 0, "dry_run": 0}, p.last().Result)
	require.Equal(t, 500, p.results[len(p.results)-1]["accepted"])
	require.Zero(t, p.results[len(p.results)-1]["deferred"])
	require.GreaterOrEqual(t, p.Now().Sub(began), 9*time.Hour)
	require.False(t, p.cuts[0].Again)
	require.True(t, p.cuts[1].Again)
}

func TestABroadcastThatIsCancelled(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	p.pages = [][]activities.Shard{p.shards(8)}
	p.totals = []activities.PushCounts{{Accepted: 42}}
	p.deliver = func(activities.Shard) (activities.PushCounts, error) {
		p.CancelWorkflow()
		return activities.PushCounts{}, temporal.NewCanceledError()
	}
	p.run()
	require.True(t, temporal.IsCanceledError(p.GetWorkflowError()), "%v", p.GetWorkflowError())
	require.Equal(t, "cancelled", p.last().Step)
	require.True(t, p.last().Fault.CancelledByUser)
	require.Equal(t, 42, p.last().Result["accepted"])
	require.Less(t, len(p.delivered), 8)
}

func TestABroadcastWhoseShardFails(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	p.pages = [][]activities.Shard{p.shards(2)}
	p.totals = []activities.PushCounts{{Accepted: 7}}
	p.deliver = func(activities.Shard) (activities.PushCounts, error) {
		return activities.PushCounts{}, temporal.NewNonRetryableApplicationError("no", "invalid", nil)
	}
	p.run()
	require.Error(t, p.GetWorkflowError())
	require.Equal(t, activities.Failed, p.last().State)
	require.Equal(t, 7, p.last().Result["accepted"])
}

// TestALongBroadcastContinuesAsNew continues exactly where it stopped, with the row up to date.
func TestALongBroadcastContinuesAsNew(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	p.SetCurrentHistoryLength(9_000)
	p.in.Broadcast.Stage, p.in.Broadcast.Total, p.in.Broadcast.Seq = "telling", 50_000, 7
	p.pages = [][]activities.Shard{p.shards(activities.ShardsCut), p.shards(activities.ShardsCut)}
	end := p.pages[0][activities.ShardsCut-1].Upto
	p.run()
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, p.GetWorkflowError(), &again)
	require.Len(t, p.delivered, activities.ShardsCut, "what was begun is ended first")
	require.Nil(t, p.finished)
	var next workflows.FanOutPushInput
	require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &next))
	require.Equal(t, end, next.Broadcast.After)
	require.Equal(t, activities.ShardsCut, next.Broadcast.Shards)
	require.Equal(t, 500*activities.ShardsCut, next.Broadcast.Counts.Accepted)
	require.Greater(t, next.Broadcast.Seq, int64(7))
	require.NotNil(t, next.Broadcast.Started)
	require.Equal(t, "telling", next.Broadcast.Stage)
}

func TestNewsForOneWaitsForTheMorning(t *testing.T) {
	t.Parallel()
	p := newPushRun()
	p.in = workflows.FanOutPushInput{NotificationID: uuid.New(), UserID: uuid.New()}
	morning := p.Now().Add(150 * time.Minute)
	p.deliver = func(activities.Shard) (activities.PushCounts, error) {
		if len(p.delivered) < 4 {
			return activities.PushCounts{Deferred: 1, Next: &morning}, nil
		}
		return activities.PushCounts{Accepted: 1}, nil
	}
	began := p.Now()
	p.run()
	require.NoError(t, p.GetWorkflowError())
	require.Len(t, p.delivered, 4, "after an hour, two, and when it is over")
	require.Equal(t, p.in.NotificationID, p.delivered[3].Notification)
	require.False(t, p.delivered[0].Again)
	require.True(t, p.delivered[1].Again)
	require.InDelta(t, 150, p.Now().Sub(began).Minutes(), 1)
}
