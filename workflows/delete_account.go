package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// DeleteAccountInput identifies an account and its deletion.
type DeleteAccountInput struct {
	UserID     uuid.UUID `json:"user_id"`
	DeletionID uuid.UUID `json:"deletion_id"`
	// Due is when the account is erased, unless it is restored before.
	Due time.Time `json:"due"`
}

// DeleteAccount stops the account's work, waits out its grace period, and erases
// it. Restoring the account cancels the run. If the cancel arrives too late, the
// first activity that reads the row ends the run all the same, before anything is
// erased.
func DeleteAccount(ctx workflow.Context, in DeleteAccountInput) error {
	var d *activities.AccountActivities
	who := activities.DeleteAccountInput{UserID: in.UserID, DeletionID: in.DeletionID}
	if err := stopWork(ctx, who); err != nil {
		return err
	}
	setDetailsf(ctx, "The account can be restored until %s", formatTime(in.Due))
	if err := sleep(ctx, in.Due.Sub(workflow.Now(ctx)), "The grace period"); err != nil {
		return err
	}
	if err := stopWork(ctx, who); err != nil {
		return err
	}
	setDetailsf(ctx, "Erasing the account")
	if err := workflow.ExecuteActivity(thorough(ctx, "Erase the rows"), d.EraseAccount, who).Get(ctx, nil); err != nil {
		return err
	}
	if err := workflow.ExecuteActivity(thorough(ctx, "Remove from Redis"), d.ForgetKeys, in.UserID).Get(ctx, nil); err != nil {
		return err
	}
	err := workflow.ExecuteActivity(thorough(ctx, "Prove that nothing is left"), d.ProveErased, in.UserID).Get(ctx, nil)
	if err == nil {
		setDetailsf(ctx, "The account is erased")
	}
	return err
}

// stopWork ends all work of the account and returns when none is left.
func stopWork(ctx workflow.Context, who activities.DeleteAccountInput) error {
	var d *activities.AccountActivities
	for {
		var open int
		if err := workflow.ExecuteActivity(quick(ctx, "Stop the work"), d.StopWork, who).Get(ctx, &open); err != nil || open == 0 {
			return err
		}
		setDetailsf(ctx, "Waiting for %d tasks to end", open)
		if err := sleep(ctx, stopEvery, "Until the work has stopped"); err != nil {
			return err
		}
	}
}

// stopEvery is the time between two checks for work that is ending.
const stopEvery = 2 * time.Second
