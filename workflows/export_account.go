package workflows

import (
	"fmt"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// ExportAccountInput requests an export of a user's data.
type ExportAccountInput struct {
	TaskID   uuid.UUID `json:"task_id"`
	ExportID uuid.UUID `json:"export_id"`
	// Seq and Progress are those of the task's row at the start.
	Seq      int64 `json:"seq"`
	Progress int   `json:"progress"`
}

// ExportAccount packs a user's data, one file at a time. Cancelled or failed, it leaves
// nothing behind.
func ExportAccount(ctx workflow.Context, in ExportAccountInput) error {
	working, cancel := workflow.WithCancel(ctx)
	defer cancel()
	s, err := startProgress(working, TaskInput{TaskID: in.TaskID, Seq: in.Seq, Progress: in.Progress}, cancel)
	if err != nil {
		return err
	}
	if err := s.export(working, in.ExportID); err != nil {
		return s.giveUpExport(ctx, in.ExportID, err)
	}
	return s.finishTask(ctx, activities.Event{State: activities.Done, Progress: 100, Step: "done", Message: "Your data is ready"})
}

func (s *progressTracker) export(ctx workflow.Context, export uuid.UUID) error {
	var e *activities.ExportActivities
	var files []string
	s.reportProgress(ctx, 5, "collect", "Collecting your data")
	if err := workflow.ExecuteActivity(quick(ctx, "List the files"), e.ListFiles).Get(ctx, &files); err != nil {
		return err
	}
	for i, file := range files {
		in := activities.CollectInput{ExportID: export, Index: i, File: file}
		if err := workflow.ExecuteActivity(packing(ctx, fmt.Sprintf("File %d of %d: %s", i+1, len(files), file)), e.CollectFile, in).Get(ctx, nil); err != nil {
			return err
		}
		s.reportProgress(ctx, 10+75*(i+1)/len(files), "collect", "Collected "+file)
	}
	s.reportProgress(ctx, 90, "pack", "Packing the archive")
	return workflow.ExecuteActivity(packing(ctx, "Pack the archive"), e.PackExport, activities.PackInput{ExportID: export, Files: files}).Get(ctx, nil)
}

// giveUpExport ends the task and deletes what was collected.
func (s *progressTracker) giveUpExport(ctx workflow.Context, export uuid.UUID, cause error) error {
	clean, cancel := workflow.NewDisconnectedContext(ctx)
	defer cancel()
	var e *activities.ExportActivities
	if err := workflow.ExecuteActivity(quick(clean, "Remove what was collected"), e.GiveUpExport, export).Get(clean, nil); err != nil {
		return err
	}
	if s.refused != nil {
		return cause
	}
	fault := activities.Fault{Code: "failed", Message: "Your data could not be packed."}
	last := activities.Event{State: activities.Failed, Progress: s.progress, Step: "failed", Message: fault.Message, Fault: &fault}
	if temporal.IsCanceledError(cause) || ctx.Err() != nil {
		fault = activities.Fault{Code: activities.FaultCancelled, Message: "The task was cancelled.", CancelledByUser: true}
		last.Step, last.Message = "cancelled", "Cancelled"
	}
	if err := s.finishTask(ctx, last); err != nil {
		return err
	}
	return cause
}
