package workflows

import (
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
)

// nameList records the registered names.
type nameList struct {
	worker.WorkflowRegistry

	names   []string
	upgrade []string // those that go on with the current build
}

func (l *nameList) RegisterWorkflow(w any) {
	name := runtime.FuncForPC(reflect.ValueOf(w).Pointer()).Name()
	l.names = append(l.names, name[strings.LastIndexByte(name, '.')+1:])
}

func (l *nameList) RegisterWorkflowWithOptions(w any, o workflow.RegisterOptions) {
	l.RegisterWorkflow(w)
	if o.VersioningBehavior == workflow.VersioningBehaviorAutoUpgrade {
		l.upgrade = append(l.upgrade, l.names[len(l.names)-1])
	}
}

// TestWhatWaitsUpgradesByItself names the pinned workflows: those that only work, and end within a day.
func TestWhatWaitsUpgradesByItself(t *testing.T) {
	t.Parallel()
	var l nameList
	Register(&l)
	RegisterPush(&l)
	var pinned []string
	for _, name := range l.names {
		if !slices.Contains(l.upgrade, name) {
			pinned = append(pinned, name)
		}
	}
	require.ElementsMatch(t, []string{"RegenerateCourse", "ExportAccount", "SendMail", "UnlockAchievements", "RebuildBoards", "PushShard"}, pinned)
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
		require.Contains(t, descriptions, name)
	}
	require.Len(t, executionTimeouts, len(l.names), "rules for workflows that are no more")
	require.Len(t, descriptions, len(l.names), "descriptions of workflows that are no more")
}
