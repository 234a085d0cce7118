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
}

// Work that is lost with its worker may be what ends it, or happen to be done beside that. With
// manyLosses a worker does one such work at a time, so that what is not to blame gets done and
// is not lost again. With mostLosses there is no doubt left.
const (
	manyLosses = 2
	mostLosses = 4
)

// losses returns how many attempts of an activity were lost with their worker.
func losses(ctx context.Context) int {
	if !activity.IsActivity(ctx) || !activity.HasHeartbeatDetails(ctx) {
		return 0
	}
	var last inference
	if err := activity.GetHeartbeatDetails(ctx, &last); err != nil {
		return 0 // an older build reported something else
	}
	if last.Asking {
		return last.Lost + 1
	}
	return last.Lost
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
