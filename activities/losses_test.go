package activities_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
)

// TestWhatEndsTheWorkerIsGivenUp has attempts begin after what the one before last reported.
func TestWhatEndsTheWorkerIsGivenUp(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		last    any
		givenUp bool
	}{
		"lost often":              {map[string]any{"asking": true, "lost": 3}, true},
		"lost, and then refused":  {map[string]any{"asking": false, "lost": 3}, false},
		"lost once":               {map[string]any{"asking": true, "lost": 0, "tokens": 12}, false},
		"begun by an older build": {12, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newExam(t)
			asked := d.model.Count(llmtest.Practice)
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.RegisterActivity(d.writing.WritePractice)
			env.SetHeartbeatDetails(c.last)
			_, err := env.ExecuteActivity(d.writing.WritePractice, d.practiceInput())
			if !c.givenUp {
				require.NoError(t, err)
				return
			}
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, activities.FailureLost, app.Type())
			require.True(t, app.NonRetryable())
			require.Equal(t, asked, d.model.Count(llmtest.Practice))
		})
	}
}
