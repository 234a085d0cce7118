package activities

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
)

// heartbeatContexts notes the contexts that heartbeats reach the SDK with.
type heartbeatContexts struct {
	interceptor.WorkerInterceptorBase
	contexts []context.Context
}

func (h *heartbeatContexts) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &heartbeatInbound{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, to: h}
}

type heartbeatInbound struct {
	interceptor.ActivityInboundInterceptorBase
	to *heartbeatContexts
}

func (h *heartbeatInbound) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	return h.Next.Init(&heartbeatOutbound{ActivityOutboundInterceptorBase: interceptor.ActivityOutboundInterceptorBase{Next: outbound}, to: h.to})
}

type heartbeatOutbound struct {
	interceptor.ActivityOutboundInterceptorBase
	to *heartbeatContexts
}

func (h *heartbeatOutbound) RecordHeartbeat(ctx context.Context, details ...any) {
	h.to.contexts = append(h.to.contexts, ctx)
	h.Next.RecordHeartbeat(ctx, details...)
}

// TestNoContextThatEndsReachesAHeartbeat has an activity report with a context that it derived, and that ends: the SDK may send
// the report later.
func TestNoContextThatEndsReachesAHeartbeat(t *testing.T) {
	t.Parallel()
	var suite testsuite.WorkflowTestSuite
	env, seen := suite.NewTestActivityEnvironment(), &heartbeatContexts{}
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{seen}})
	converse := func(ctx context.Context) error {
		conversation, end := context.WithCancel(ctx)
		heartbeat(conversation, "a detail")
		end()
		heartbeat(conversation)
		return nil
	}
	env.RegisterActivity(converse)
	_, err := env.ExecuteActivity(converse)
	require.NoError(t, err)
	require.Len(t, seen.contexts, 2)
	for _, ctx := range seen.contexts {
		require.NoError(t, ctx.Err(), "the context of a report has ended")
	}
}
