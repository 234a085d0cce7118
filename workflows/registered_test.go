package workflows

import (
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// nameList records the registered names.
type nameList struct {
	worker.WorkflowRegistry

	names []string
}

func (l *nameList) RegisterWorkflow(w any) {
	name := runtime.FuncForPC(reflect.ValueOf(w).Pointer()).Name()
	l.names = append(l.names, name[strings.LastIndexByte(name, '.')+1:])
}

func (l *nameList) RegisterWorkflowWithOptions(w any, _ workflow.RegisterOptions) {
	l.RegisterWorkflow(w)
}

// TestEveryRegisteredWorkflowHasARule checks execution timeouts: without one a workflow never starts.
func TestEveryRegisteredWorkflowHasARule(t *testing.T) {
	t.Parallel()
	var l nameList
	Register(&l)
	RegisterPush(&l)
	require.Greater(t, len(l.names), 15)
	for _, name := range l.names {
		require.Contains(t, executionTimeouts, name)
		require.Contains(t, stories, name)
	}
	require.Len(t, executionTimeouts, len(l.names), "rules for workflows that are no more")
	require.Len(t, stories, len(l.names), "stories of workflows that are no more")
}
