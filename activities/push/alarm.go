package push

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// alarmEvery is how often the same trouble is told of.
const alarmEvery = time.Minute

// alarm tells operators of what only they can mend, once in a while however many
// messages it stops.
type alarm struct {
	clock func() time.Time
	log   *slog.Logger

	mu   sync.Mutex
	last map[string]time.Time // by platform and reason
}

func (a *alarm) ring(ctx context.Context, platform, reason string) {
	now, key := a.clock(), platform+" "+reason
	a.mu.Lock()
	due := now.Sub(a.last[key]) >= alarmEvery
	if due {
		a.last[key] = now
	}
	a.mu.Unlock()
	if due {
		a.log.ErrorContext(ctx, "pushes are refused: the push settings or the message are wrong, and trying again will not help",
			"platform", platform, "reason", reason)
	}
}
