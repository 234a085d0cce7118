package push

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// alarmEvery is how often the same fault is logged.
const alarmEvery = time.Minute

// alarm logs faults that only operators can correct, at intervals however many messages
// are affected.
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
