package realtime

import (
	"context"
	_ "embed" // the scripts
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/models/tasks"
)

//go:embed watch.lua
var watchScript string

//go:embed add.lua
var addScript string

//go:embed release.lua
var releaseScript string

//go:embed slot.lua
var slotScript string

// Limits of what Redis keeps and of one call to it, in events.
const (
	shareAtMost = 1000
	shareAtOnce = 200
)

// share is this process's access to Redis: a lease a task, and the task's events.
type share struct {
	o                                      Options
	owner                                  string
	redis                                  *circuitbreaker.Guard
	watching, adding, releasing, acquiring *redis.Script
}

// shared is what Redis has of a task.
type shared struct {
	holder bool // this process has the lease
	ttl    time.Duration
	last   int64
	events []tasks.TaskEvent
}

func newShare(o Options) *share {
	return &share{
		o: o, owner: uuid.NewString(), redis: &circuitbreaker.Guard{
			Client: o.Redis, Clock: o.Clock, Log: o.Log, Within: o.RedisTimeout, Rest: o.RedisRetry,
		},
		watching: redis.NewScript(watchScript), adding: redis.NewScript(addScript),
		releasing: redis.NewScript(releaseScript), acquiring: redis.NewScript(slotScript),
	}
}

// of adds the database's name to a key.
func (s *share) of(ctx context.Context, key string) string {
	if name := s.o.Source.Database(ctx); name != "" {
		return key + ":" + name
	}
	return key
}

// Both keys of a task are on one node of a cluster.
func leaseKey(task uuid.UUID) string  { return "lyo:{" + task.String() + "}:watch" }
func eventsKey(task uuid.UUID) string { return "lyo:{" + task.String() + "}:events" }
func channelOf(task uuid.UUID) string { return "lyo:{" + task.String() + "}:news" }

// watch acquires or renews the lease if it is free or ours, and reads the events after since.
func (s *share) watch(ctx context.Context, task uuid.UUID, since int64) (shared, error) {
	answer, err := s.run(ctx, s.watching, []string{s.of(ctx, leaseKey(task)), s.of(ctx, eventsKey(task))},
		s.owner, s.o.Lease.Milliseconds(), since, s.o.Keep.Milliseconds(), shareAtOnce)
	if err != nil {
		return shared{}, err
	}
	return parseShared(answer)
}

func parseShared(answer any) (shared, error) {
	parts, ok := answer.([]any)
	if !ok || len(parts) != 4 {
		return shared{}, fmt.Errorf("realtime: unexpected answer %T", answer)
	}
	mine, _ := parts[0].(int64)
	left, _ := parts[1].(int64)
	last, _ := parts[2].(int64)
	texts, _ := parts[3].([]any)
	s := shared{holder: mine == 1, ttl: time.Duration(max(left, 0)) * time.Millisecond, last: last}
	for _, text := range texts {
		var e tasks.TaskEvent
		raw, _ := text.(string)
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			return shared{}, fmt.Errorf("realtime: shared event: %w", err)
		}
		s.events = append(s.events, e)
	}
	return s, nil
}

// add shares events with the other processes. Events that fail to be written are
// offered again at the next turn.
func (s *share) add(ctx context.Context, task uuid.UUID, events []tasks.TaskEvent) {
	args := []any{channelOf(task), task.String(), s.o.Keep.Milliseconds(), shareAtMost}
	for _, e := range events {
		text, err := json.Marshal(e)
		if err != nil {
			return
		}
		args = append(args, e.Seq, text)
	}
	_, _ = s.run(ctx, s.adding, []string{s.of(ctx, eventsKey(task))}, args...)
}

// release releases the lease if this process has it.
func (s *share) release(ctx context.Context, task uuid.UUID) {
	_, _ = s.run(ctx, s.releasing, []string{s.of(ctx, leaseKey(task))}, s.owner, channelOf(task), task.String())
}

// drop removes a member from a set.
func (s *share) drop(ctx context.Context, key, member string) {
	_ = s.redis.Do(ctx, func(ctx context.Context) error { return s.o.Redis.ZRem(ctx, key, member).Err() })
}

func (s *share) run(ctx context.Context, script *redis.Script, keys []string, args ...any) (answer any, err error) {
	err = s.redis.Do(ctx, func(ctx context.Context) error {
		answer, err = script.Run(ctx, s.o.Redis, keys, args...).Result()
		return err
	})
	return answer, err
}
