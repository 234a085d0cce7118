package payload

import (
	"errors"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Interceptor turns a payload too large for an activity into an error of the workflow. The
// SDK by itself panics there, which blocks the run until another build is released.
func Interceptor() interceptor.WorkerInterceptor { return &keeper{} }

type keeper struct {
	interceptor.WorkerInterceptorBase
}

// InterceptWorkflow wraps the workflow.
func (*keeper) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor) interceptor.WorkflowInboundInterceptor {
	in := &inbound{}
	in.Next = next
	return in
}

type inbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init wraps the workflow's outbound calls.
func (i *inbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	out := &outbound{}
	out.Next = next
	return i.Next.Init(out)
}

type outbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// ExecuteActivity fails the activity if its input is too large.
func (o *outbound) ExecuteActivity(ctx workflow.Context, name string, args ...any) (result workflow.Future) {
	defer func() {
		fault := recover()
		if fault == nil {
			return
		}
		err, isError := fault.(error)
		var failure *temporal.ApplicationError
		if !isError || !errors.As(err, &failure) || failure.Type() != TooLarge {
			panic(fault)
		}
		failed, settable := workflow.NewFuture(ctx)
		settable.SetError(failure)
		result = failed
	}()
	return o.Next.ExecuteActivity(ctx, name, args...)
}
