package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
)

// Cleaner removes expired rows, and turns off devices whose session has expired.
type Cleaner struct {
	DB    *gorm.DB
	Clock func() time.Time
	Log   *slog.Logger
	// Every is the time between two passes.
	Every time.Duration
}

// Run cleans until ctx ends.
func (c *Cleaner) Run(ctx context.Context) error {
	return repeat(ctx, c.Every, c.Clean, c.Log, "expired rows could not be removed")
}

// Clean makes one pass over a bounded number of rows of each kind. Any number of cleaners
// may run concurrently.
func (c *Cleaner) Clean(ctx context.Context) error {
	const most = 1000
	return errors.Join(
		notify.SignOutExpired(ctx, c.DB, c.Clock(), most),
		accounts.SweepSessions(ctx, c.DB, c.Clock(), most),
		accounts.SweepAccessChanges(ctx, c.DB, most),
		accounts.SweepMails(ctx, c.DB, c.Clock(), most),
		privacy.SweepExports(ctx, c.DB, c.Clock(), most),
		notify.SweepPushes(ctx, c.DB, c.Clock(), most),
		courses.SweepModelAnswers(ctx, c.DB, c.Clock(), most),
		passages.Sweep(ctx, c.DB, c.Clock(), most),
		learning.SweepRequests(ctx, c.DB, c.Clock(), most),
		store.SweepWorkers(ctx, c.DB, c.Clock(), most),
	)
}
