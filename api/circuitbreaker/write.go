package circuitbreaker

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"
)

// The reasons why a Redis that answers accepts no writes.
var (
	ErrFull    = errors.New("redis is full")
	ErrReplica = errors.New("redis is a replica")
	ErrUnsaved = errors.New("redis cannot save its data")
)

// probeKey is a short-lived key whose value nothing reads.
const probeKey = "lyo:write-probe"

// TryWrite writes to Redis and returns nil when that works. It returns one of the errors above, or
// the client's for anything else, such as a server that is away.
func TryWrite(ctx context.Context, client redis.UniversalClient) error {
	err := client.Set(ctx, probeKey, "1", 10*time.Second).Err()
	for prefix, why := range map[string]error{"OOM": ErrFull, "READONLY": ErrReplica, "MISCONF": ErrUnsaved} {
		if redis.HasErrorPrefix(err, prefix) {
			return why
		}
	}
	return err
}
