package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/workflows"
)

// forgottenWithin is how long after its end a deletion is looked at: one that was cancelled stays in Temporal, and would be listed at
// each pass until its retention ends. Where no worker ran for as long, what is left goes with the retention.
const forgottenWithin = 48 * time.Hour

// forgetErased deletes the runs of erased accounts from Temporal: all that name the user, and then the deletion's own,
// which cannot delete itself while it goes on. A deletion whose account is still there was cancelled: nothing is deleted.
func (r *Reconciler) forgetErased(ctx context.Context) error {
	users, err := workflows.EndedDeletions(ctx, r.Dispatcher.Temporal, r.Namespace, r.Clock().Add(-forgottenWithin))
	if err != nil {
		return err
	}
	erased, err := privacy.Erased(ctx, r.Dispatcher.DB, users)
	faults := []error{err}
	for _, user := range erased {
		found, err := workflows.ForgetRuns(ctx, r.Dispatcher.Temporal, r.Namespace, user)
		faults = append(faults, err)
		if found > 0 {
			r.Log.InfoContext(ctx, "runs of an erased account were deleted from Temporal", "runs", found)
		}
	}
	return errors.Join(faults...)
}
