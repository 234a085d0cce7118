package workflows_test

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

// curators runs one CurateFeeds with scripted activities.
type curators struct {
	*testsuite.TestWorkflowEnvironment
	mu      sync.Mutex
	users   []uuid.UUID // in order
	picked  map[uuid.UUID]int
	ordered map[uuid.UUID]int
	kept    []uuid.UUID
	at      int // at once
	most    int
	fail    func(uuid.UUID) error // of PickForUser
	away    bool
}

func newCurators(n int) *curators {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	c := &curators{
		TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), picked: map[uuid.UUID]int{}, ordered: map[uuid.UUID]int{},
		fail: func(uuid.UUID) error { return nil },
	}
	for i := range n {
		c.users = append(c.users, uuid.UUID{0, 1, byte(i >> 8), byte(i)})
	}
	c.RegisterActivity(&activities.FeedActivities{})
	c.RegisterActivity(&activities.FeedOrderActivities{})
	c.OnActivity("ListActive", mock.Anything, mock.Anything).Return(func(_ context.Context, after uuid.UUID) ([]uuid.UUID, error) {
		from := slices.Index(c.users, after) + 1
		return c.users[from:min(from+50, len(c.users))], nil
	})
	c.OnActivity("PickForUser", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CurateInput) (bool, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.picked[in.UserID]++
		return true, c.fail(in.UserID)
	})
	c.OnActivity("OrderPicks", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CurateInput) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.ordered[in.UserID]++
		if c.away {
			return temporal.NewNonRetryableApplicationError("away", "unavailable", nil)
		}
		return nil
	})
	c.OnActivity("KeepScoreOrder", mock.Anything, mock.Anything).Return(func(_ context.Context, in activities.CurateInput) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.kept = append(c.kept, in.UserID)
		return nil
	})
	c.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { c.count(1) })
	c.SetOnActivityCompletedListener(func(*activity.Info, converter.EncodedValue, error) { c.count(-1) })
	return c
}

func (c *curators) count(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at += n
	c.most = max(c.most, c.at)
}

func TestEveryActiveUserIsCuratedOnce(t *testing.T) {
	t.Parallel()
	c := newCurators(120)
	c.fail = func(u uuid.UUID) error {
		if u == c.users[7] {
			return temporal.NewNonRetryableApplicationError("broken", "internal", nil)
		}
		return nil
	}
	c.ExecuteWorkflow(workflows.CurateFeeds, workflows.CurateFeedsInput{})
	require.NoError(t, c.GetWorkflowError())
	var failed int
	require.NoError(t, c.GetWorkflowResult(&failed))
	require.Equal(t, 1, failed, "one that fails holds up nobody")
	require.Len(t, c.picked, 120)
	require.Len(t, c.ordered, 119)
	for user, n := range c.picked {
		require.Equal(t, 1, n, user)
	}
	require.LessOrEqual(t, c.most, 4, "a few at a time")
}

func TestARoundGoesOnWhereItStood(t *testing.T) {
	t.Parallel()
	c := newCurators(600)
	c.ExecuteWorkflow(workflows.CurateFeeds, workflows.CurateFeedsInput{Day: "2026-11-01"})
	var again *workflow.ContinueAsNewError
	require.ErrorAs(t, c.GetWorkflowError(), &again, "after ten pages it goes on as new")
	require.Len(t, c.picked, 500)

	rest := newCurators(600)
	rest.ExecuteWorkflow(workflows.CurateFeeds, workflows.CurateFeedsInput{Day: "2026-11-01", After: c.users[499]})
	require.NoError(t, rest.GetWorkflowError())
	require.Len(t, rest.picked, 100)
	for user := range rest.picked {
		require.Zero(t, c.picked[user])
	}
}

func TestAModelThatIsAwayLeavesTheScoresOrder(t *testing.T) {
	t.Parallel()
	c := newCurators(5)
	c.away = true
	c.ExecuteWorkflow(workflows.CurateFeeds, workflows.CurateFeedsInput{})
	require.NoError(t, c.GetWorkflowError())
	require.Len(t, c.kept, 5)
}

func TestContentIsCheckedPageByPage(t *testing.T) {
	t.Parallel()
	c := newCurators(0)
	var asked []uuid.UUID
	links := 2
	c.OnActivity("AnalyseContent", mock.Anything, mock.Anything).Return(func(_ context.Context, after uuid.UUID) (activities.ContentPage, error) {
		asked = append(asked, after)
		return activities.ContentPage{Last: uuid.UUID{byte(len(asked))}, More: len(asked) < 3}, nil
	})
	c.OnActivity("CheckLinks", mock.Anything).Return(func(context.Context) (int, error) {
		links--
		return max(links, 0), nil
	})
	c.ExecuteWorkflow(workflows.CheckContent, workflows.CheckContentInput{})
	require.NoError(t, c.GetWorkflowError())
	require.Equal(t, []uuid.UUID{{}, {1}, {2}}, asked)
	require.Zero(t, links)
}
