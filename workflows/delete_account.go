package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// DeleteAccountInput names an account and the wish to be forgotten.
type DeleteAccountInput struct {
	UserID     uuid.UUID `json:"user_id"`
	DeletionID uuid.UUID `json:"deletion_id"`
	// Due is when the account is erased, unless it was restored before.
	Due time.Time `json:"due"`
}

// DeleteAccount ends what an account does, waits out its grace period, and erases
// it. Restoring the account cancels the run; should the run hear of that too late,
// the first activity that looks at the row ends it all the same, before anything
// was erased.
func DeleteAccount(ctx workflow.Context, in DeleteAccountInput) error {
	var d *activities.AccountActivities
	who := activities.DeleteAccountInput{UserID: in.UserID, DeletionID: in.DeletionID}
	if err := stopWork(ctx, who); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, in.Due.Sub(workflow.Now(ctx))); err != nil {
		return err
	}
	if err := stopWork(ctx, who); err != nil {
		return err
	}
	if err := workflow.ExecuteActivity(thorough(ctx), d.EraseAccount, who).Get(ctx, nil); err != nil {
		return err
	}
	if err := workflow.ExecuteActivity(thorough(ctx), d.ForgetKeys, in.UserID).Get(ctx, nil); err != nil {
		return err
	}
	return workflow.ExecuteActivity(thorough(ctx), d.ProveErased, in.UserID).Get(ctx, nil)
}

// stopWork has everything ended that goes on for the account, and returns when it has.
func stopWork(ctx workflow.Context, who activities.DeleteAccountInput) error {
	var d *activities.AccountActivities
	for {
		var open int
		if err := workflow.ExecuteActivity(quick(ctx), d.StopWork, who).Get(ctx, &open); err != nil || open == 0 {
			return err
		}
		if err := workflow.Sleep(ctx, stopEvery); err != nil {
			return err
		}
	}
}

// stopEvery is the time between two looks at work that is ending.
const stopEvery = 2 * time.Second
