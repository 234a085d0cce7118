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

// LearningActivities sees to what learners have reached, and to the boards that show it.
type LearningActivities struct {
	DB       *gorm.DB
	Boards   *boards.Boards
	Enqueuer notify.Enqueuer
	Clock    func() time.Time
}

// Unlock unlocks what a user has reached, rewards, feed entries and news included. Key:
// (user, achievement); what is unlocked stays as it is.
func (r *LearningActivities) Unlock(ctx context.Context, user uuid.UUID) (unlocked []string, err error) {
	unlocked, err = learning.UnlockFor(ctx, r.DB, user, r.Clock(), r.Enqueuer)
	if store.CodeOf(err) == store.NotFound {
		return nil, nil
	}
	return unlocked, toApplicationError(err)
}

// RefreshBoards brings to the boards in Redis what has changed. Key: the stamp of the
// boards; what was brought already is where it belongs.
func (r *LearningActivities) RefreshBoards(ctx context.Context) error {
	return toApplicationError(r.Boards.Refresh(ctx))
}

// BuildBoards builds the boards in Redis from the ledger in the place of those with a
// stamp. Key: the stamp; boards that have another by now stay.
func (r *LearningActivities) BuildBoards(ctx context.Context, stamp uuid.UUID) (boards.Built, error) {
	built, err := r.Boards.Build(ctx, &stamp, func() { heartbeat(ctx) })
	return built, toApplicationError(err)
}

// CountUsers is how many users there are to go through.
func (r *LearningActivities) CountUsers(ctx context.Context) (int64, error) {
	n, err := learning.CountUsers(ctx, r.DB)
	return n, toApplicationError(err)
}

// manyAtOnce is how many users one activity goes through.
const manyAtOnce = 500

// ApplyAchievements unlocks what they have reached for the users after one. Key: (user,
// achievement), as for Unlock.
func (r *LearningActivities) ApplyAchievements(ctx context.Context, after uuid.UUID) (learning.Applied, error) {
	heartbeat(ctx)
	done, err := learning.ApplyToMany(ctx, r.DB, after, manyAtOnce, r.Clock(), r.Enqueuer)
	return done, toApplicationError(err)
}

// RemindOfReviews reminds the users after one of cards that are due, where it is time for
// that. Key: (user, their day); a second reminder is none.
func (r *LearningActivities) RemindOfReviews(ctx context.Context, after uuid.UUID) (learning.Reminded, error) {
	heartbeat(ctx)
	done, err := learning.RemindMany(ctx, r.DB, after, manyAtOnce, r.Clock(), r.Enqueuer)
	return done, toApplicationError(err)
}

// Applied is a stretch of users that was looked at, for the workflows, which do not know the rows.
type Applied = learning.Applied

// Reminded is a stretch of users that was reminded, likewise.
type Reminded = learning.Reminded
