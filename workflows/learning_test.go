package workflows_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/workflows"
)

func rewarding() *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(quiet()))
	env := suite.NewTestWorkflowEnvironment()
	env.RegisterActivity(&activities.LearningActivities{})
	return env
}

func TestBoardsThatAreAwayKeepNoUnlockBack(t *testing.T) {
	t.Parallel()
	env, user := rewarding(), uuid.New()
	env.OnGetVersion("LeanRuns", workflow.DefaultVersion, 1).Return(workflow.DefaultVersion) // later runs leave the boards to the loop
	env.OnActivity("Unlock", mock.Anything, user).Return([]string{"first_lesson"}, nil).Once()
	env.OnActivity("RefreshBoards", mock.Anything).Return(errors.New("redis is away")).Times(3)
	env.ExecuteWorkflow(workflows.UnlockAchievements, workflows.UnlockAchievementsInput{UserID: user, Event: uuid.New()})
	require.True(t, env.IsWorkflowCompleted())
	require.NoError(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}

func TestApplyingAchievementsReportsProgress(t *testing.T) {
	t.Parallel()
	env, ids := rewarding(), []uuid.UUID{uuid.New(), uuid.New()}
	env.OnActivity("CountUsers", mock.Anything).Return(int64(4), nil).Once()
	env.OnActivity("RefreshBoards", mock.Anything).Return(nil).Once()
	progress := func() (p workflows.ApplyProgress) {
		value, err := env.QueryWorkflow(workflows.QueryProgress)
		require.NoError(t, err)
		require.NoError(t, value.Get(&p))
		return p
	}
	env.OnActivity("ApplyAchievements", mock.Anything, mock.Anything).Return(func(_ context.Context, after uuid.UUID) (activities.Applied, error) {
		switch after {
		case uuid.Nil:
			return activities.Applied{Last: ids[0], Users: 2, Unlocked: 1}, nil
		case ids[0]:
			require.Equal(t, workflows.ApplyProgress{Users: 2, Total: 4, Unlocked: 1, Percent: 50}, progress())
			return activities.Applied{Last: ids[1], Users: 2, Unlocked: 3}, nil
		}
		return activities.Applied{Last: after}, nil
	})
	env.ExecuteWorkflow(workflows.ApplyAchievements, workflows.ApplyAchievementsInput{})
	require.NoError(t, env.GetWorkflowError())
	require.Equal(t, workflows.ApplyProgress{Users: 4, Total: 4, Unlocked: 4, Percent: 100}, progress())
}

func TestRemindersGoThroughEverybody(t *testing.T) {
	t.Parallel()
	env, last := rewarding(), uuid.New()
	env.OnActivity("RemindOfReviews", mock.Anything, uuid.Nil).Return(activities.Reminded{Last: last, Users: 500}, nil).Once()
	env.OnActivity("RemindOfReviews", mock.Anything, last).Return(activities.Reminded{Last: last}, nil).Once()
	env.ExecuteWorkflow(workflows.RemindOfReviews, uuid.Nil)
	require.NoError(t, env.GetWorkflowError())
	env.AssertExpectations(t)
}
