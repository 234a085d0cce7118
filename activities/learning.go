package activities

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// LearningActivities unlocks achievements and maintains the boards.
type LearningActivities struct {
	DB       *gorm.DB
	Boards   *boards.Boards
	Enqueuer notify.Enqueuer
	Clock    func() time.Time
}

// Unlock unlocks what a user has reached, with rewards, feed entries and notifications. Key:
// (user, achievement); what is unlocked stays as it is.
func (r *LearningActivities) Unlock(ctx context.Context, user uuid.UUID) (unlocked []string, err error) {
	unlocked, err = learning.UnlockFor(ctx, r.DB, user, r.Clock(), r.Enqueuer)
	if store.CodeOf(err) == store.NotFound {
		return nil, nil
	}
	return unlocked, toApplicationError(err)
}

// RefreshBoards applies changes to the boards in Redis. Key: the stamp of the boards;
// applying a change again has no effect.
func (r *LearningActivities) RefreshBoards(ctx context.Context) error {
	return toApplicationError(r.Boards.Refresh(ctx))
}

// BuildBoards builds the boards in Redis from the ledger, in place of those with a
// stamp. Key: the stamp; boards with another stamp stay.
func (r *LearningActivities) BuildBoards(ctx context.Context, stamp uuid.UUID) (boards.Built, error) {
	built, err := r.Boards.Build(ctx, &stamp, func() { heartbeat(ctx) })
	return built, toApplicationError(err)
}

// CountUsers returns the number of users to process.
func (r *LearningActivities) CountUsers(ctx context.Context) (int64, error) {
	n, err := learning.CountUsers(ctx, r.DB)
	return n, toApplicationError(err)
}

// manyAtOnce is how many users one activity processes.
const manyAtOnce = 500

// ApplyAchievements unlocks what the users after the given one have reached. Key: (user,
// achievement), as for Unlock.
func (r *LearningActivities) ApplyAchievements(ctx context.Context, after uuid.UUID) (learning.Applied, error) {
	heartbeat(ctx)
	done, err := learning.ApplyToMany(ctx, r.DB, after, manyAtOnce, r.Clock(), r.Enqueuer)
	return done, toApplicationError(err)
}

// RemindOfReviews reminds the users after the given one of due cards, at their time of day.
// Key: (user, their day); a second reminder is not sent.
func (r *LearningActivities) RemindOfReviews(ctx context.Context, after uuid.UUID) (learning.Reminded, error) {
	heartbeat(ctx)
	done, err := learning.RemindMany(ctx, r.DB, after, manyAtOnce, r.Clock(), r.Enqueuer)
	return done, toApplicationError(err)
}

// Applied is a page of users that was processed, for the workflows, which do not know the rows.
type Applied = learning.Applied

// Reminded is a page of users that was reminded, likewise.
type Reminded = learning.Reminded
