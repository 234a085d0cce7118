package activities

import (
	"context"
	"sync"

	"go.temporal.io/sdk/activity"
)

// inference is what the heartbeats of a conversation report.
type inference struct {
	Tokens int64 `json:"tokens"`
	// Asking is set while the conversation goes on. An attempt whose last report says so was
	// lost with its worker.
	Asking bool `json:"asking"`
	// Lost is the number of earlier attempts that were.
	Lost int `json:"lost"`
	// Part is which of the activity's parts that is, and Before how many attempts had ended before it was begun.
	Part   int `json:"part,omitempty"`
	Before int `json:"before,omitempty"`
}

// part is one of an activity's parts, each with tries and losses of its own. Most activities have one, the zero value.
type part struct{ number, before int }

type partKey struct{}

func partOf(ctx context.Context) part {
	p, _ := ctx.Value(partKey{}).(part)
	return p
}

// withPart returns the context of a part of an activity, before which all others are done.
func withPart(ctx context.Context, number int) context.Context {
	p := part{number, int(activity.GetInfo(ctx).Attempt) - 1}
	if last := lastReport(ctx); last.Part == number {
		p.before = last.Before
	}
	return context.WithValue(ctx, partKey{}, p)
}

// lastReport returns what the attempt before this one reported last.
func lastReport(ctx context.Context) (last inference) {
	if !activity.IsActivity(ctx) || !activity.HasHeartbeatDetails(ctx) {
		return inference{}
	}
	if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
		return inference{} // an older build reported something else
	}
	return last
}

// Work that is lost with its worker may be what ends it, or happen to be done beside that. With
// manyLosses a worker does one such work at a time, so that what is not to blame gets done and
// is not lost again. With mostLosses there is no doubt left.
const (
	manyLosses = 2
	mostLosses = 4
)

// losses returns how many attempts of an activity were lost with their worker, in the part that it is at.
func losses(ctx context.Context) int {
	last := lastReport(ctx)
	switch {
	case last.Part != partOf(ctx).number:
		return 0
	case last.Asking:
		return last.Lost + 1
	default:
		return last.Lost
	}
}

// turns lets one work at a time be done that may end the worker. The zero value is ready.
type turns struct {
	once sync.Once
	one  chan struct{}
}

// take does the work, in its turn if it has to be alone.
func (t *turns) take(ctx context.Context, alone bool, work func() error) error {
	if !alone {
		return work()
	}
	t.once.Do(func() { t.one = make(chan struct{}, 1) })
	select {
	case t.one <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t.one }()
	return work()
}
