package observe

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
)

// Activities returns an interceptor that records every activity attempt of a worker.
func (m *Metrics) Activities() interceptor.WorkerInterceptor { return &activityCounter{metrics: m} }

type activityCounter struct {
	interceptor.WorkerInterceptorBase

	metrics *Metrics
}

// InterceptActivity wraps the activity.
func (c *activityCounter) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	i := &countedActivity{metrics: c.metrics}
	i.Next = next
	return i
}

type countedActivity struct {
	interceptor.ActivityInboundInterceptorBase

	metrics *Metrics
}

// ExecuteActivity runs the activity and records its outcome and duration.
func (c *countedActivity) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info, began := activity.GetInfo(ctx), time.Now()
	result, err := c.Next.ExecuteActivity(ctx, in)
	c.metrics.activities.WithLabelValues(info.TaskQueue, info.ActivityType.Name, outcome(err)).Inc()
	c.metrics.activityTime.WithLabelValues(info.TaskQueue, info.ActivityType.Name).Observe(time.Since(began).Seconds())
	return result, err
}

func outcome(err error) string {
	var app *temporal.ApplicationError
	switch {
	case err == nil:
		return "ok"
	case errors.As(err, &app) && app.Type() != "":
		return app.Type()
	case errors.Is(err, context.Canceled) || temporal.IsCanceledError(err):
		return "cancelled"
	}
	return "internal"
}
