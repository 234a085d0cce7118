package outbox

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/lyoapp/lyo/models"
)

// Mender finds rows whose workflow cannot tell their end any more, because it ran out of
// time, was terminated or its history was lost, and ends or restarts them. Without it
// such a task would be RUNNING for ever.
type Mender struct {
	Starter *Starter
	Clock   func() time.Time
	Log     *slog.Logger
	// Every is the time between two looks; Stale is how long a row must have
	// stood still to be looked at.
	Every, Stale time.Duration
	// Bounds are given to runs that start over.
	Bounds Bounds
}

// Run mends until ctx ends.
func (m *Mender) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(m.Every):
		}
		if err := m.Sweep(ctx); err != nil && ctx.Err() == nil {
			m.Log.WarnContext(ctx, "stale tasks could not be mended", "error", err)
		}
	}
}

// Sweep looks once at the stale tasks, at other rows whose workflow should have ended them,
// at lines in which nobody moves, and at what has served its time. Any number of menders may
// do so at a time.
func (m *Mender) Sweep(ctx context.Context) error {
	return errors.Join(
		m.reconcileTasks(ctx), m.reconcileSources(ctx), m.reconcileDeletions(ctx),
		models.AdmitStranded(ctx, m.Starter.DB, m.Clock()), m.forget(ctx),
	)
}

// forget removes what has served its time.
func (m *Mender) forget(ctx context.Context) error {
	const most = 1000
	return errors.Join(
		models.SignOutExpired(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepSessions(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepMails(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepExports(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepPushes(ctx, m.Starter.DB, m.Clock(), most),
		models.SweepRequests(ctx, m.Starter.DB, m.Clock(), most),
	)
}
