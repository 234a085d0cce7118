package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/hibiken/asynq"
)

// startAsynq asks for the job after the commit: the queue is in Redis.
func startAsynq(_ context.Context, on servers) (q queue, err error) {
	server := asynq.NewServerFromRedisClient(on.redis, asynq.Config{Concurrency: 100, LogLevel: asynq.FatalLevel})
	err = server.Start(asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		var r rank
		if err := json.Unmarshal(t.Payload(), &r); err != nil {
			return fmt.Errorf("read a job: %w", err)
		}
		return on.bring(ctx, r)
	}))
	if err != nil {
		return q, err
	}
	q.stop = server.Shutdown
	client, inspector := asynq.NewClientFromRedisClient(on.redis), asynq.NewInspectorFromRedisClient(on.redis)
	q.award = func(ctx context.Context, a award) (total int64, err error) {
		if total, err = write(ctx, on.pool, a); err != nil {
			return 0, err
		}
		payload, err := json.Marshal(rank{a.UserID})
		if err != nil {
			return 0, err
		}
		_, err = client.EnqueueContext(ctx, asynq.NewTask("rank", payload))
		return total, err
	}
	q.left = func(context.Context) (int, error) {
		info, err := inspector.GetQueueInfo("default")
		if errors.Is(err, asynq.ErrQueueNotFound) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		return info.Pending + info.Active + info.Retry + info.Scheduled, nil
	}
	return q, nil
}
