package workflows

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// TaskQueue is a task queue and the kind of task polled from it. Each needs a worker that polls it.
type TaskQueue struct {
	Queue string
	Kind  enums.TaskQueueType
}

// Name returns the name shown to operators.
func (l TaskQueue) Name() string {
	if l.Kind == enums.TASK_QUEUE_TYPE_WORKFLOW {
		return "workflow"
	}
	return "activity"
}

// TaskQueues returns all task queues.
func TaskQueues() []TaskQueue {
	return []TaskQueue{
		{Queue, enums.TASK_QUEUE_TYPE_WORKFLOW},
		{Queue, enums.TASK_QUEUE_TYPE_ACTIVITY},
		{QueueBackground, enums.TASK_QUEUE_TYPE_WORKFLOW},
		{QueueBackground, enums.TASK_QUEUE_TYPE_ACTIVITY},
		{QueueGemma, enums.TASK_QUEUE_TYPE_ACTIVITY},
		{QueuePush, enums.TASK_QUEUE_TYPE_WORKFLOW},
		{QueuePush, enums.TASK_QUEUE_TYPE_ACTIVITY},
		{QueueReading, enums.TASK_QUEUE_TYPE_ACTIVITY},
	}
}

// QueueStats is the state of a task queue. Backlog and Oldest are estimates by the server.
type QueueStats struct {
	TaskQueue

	Backlog int64
	Oldest  time.Duration        // age of the oldest waiting task
	Pollers []string             // identities of the workers that polled lately
	Builds  map[string]time.Time // when the server last saw a worker of each build poll, if it remembers
}

const (
	// pollerFor is how long a poller counts after its last poll: two long polls.
	pollerFor = 2 * time.Minute
	// longPoll is how long after its worker's last sign of life the server may still see a poll end.
	longPoll = 75 * time.Second
)

// ReadQueueStats reads the state of every task queue from Temporal. A long poll takes a minute, so the server notices
// late that a worker is gone: gone says since when, by identity, as the workers' own signs of life tell.
func ReadQueueStats(ctx context.Context, c client.Client, namespace string, gone map[string]time.Time) ([]QueueStats, error) {
	var states []QueueStats
	for _, queue := range TaskQueues() {
		answer, err := c.WorkflowService().DescribeTaskQueue(ctx, &workflowservice.DescribeTaskQueueRequest{
			Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue.Queue, Kind: enums.TASK_QUEUE_KIND_NORMAL},
			TaskQueueType: queue.Kind, ReportStats: true,
		})
		if err != nil {
			return nil, fmt.Errorf("look at queue %s: %w", queue.Queue, err)
		}
		state := QueueStats{
			TaskQueue: queue, Backlog: answer.GetStats().GetApproximateBacklogCount(), Oldest: answer.GetStats().GetApproximateBacklogAge().AsDuration(),
			Builds: map[string]time.Time{},
		}
		for _, p := range answer.GetPollers() {
			at := p.GetLastAccessTime().AsTime()
			if build := p.GetDeploymentOptions().GetBuildId(); build != "" && at.After(state.Builds[build]) {
				state.Builds[build] = at
			}
			died, isGone := gone[p.GetIdentity()]
			if time.Since(at) < pollerFor && (!isGone || at.After(died.Add(longPoll))) {
				state.Pollers = append(state.Pollers, p.GetIdentity())
			}
		}
		states = append(states, state)
	}
	return states, nil
}
