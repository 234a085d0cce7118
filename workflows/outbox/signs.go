package outbox

import (
	"context"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// Signs gives a worker's signs of life.
type Signs struct {
	DB              *gorm.DB
	Identity, Build string
	Log             *slog.Logger
}

// Run gives a sign of life now and every few seconds until ctx ends, and then says that the worker has stopped.
func (s *Signs) Run(ctx context.Context) error {
	defer func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		if err := store.WorkerStopped(last, s.DB, s.Identity); err != nil {
			s.Log.WarnContext(ctx, "the end of this worker could not be recorded", "error", err)
		}
	}()
	beat := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, store.WorkerSigns)
		defer cancel()
		return store.SignOfLife(ctx, s.DB, s.Identity, s.Build)
	}
	const failure = "a sign of life could not be given"
	if err := beat(ctx); err != nil && ctx.Err() == nil {
		s.Log.WarnContext(ctx, failure, "error", err)
	}
	return repeat(ctx, store.WorkerSigns, beat, s.Log, failure)
}
