package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

const (
	lookEvery = 250 * time.Millisecond // interval of polls while a task is followed
	queryFor  = 500 * time.Millisecond // timeout of the query; then the row is read
)

// watch follows a task to its end. The command fails if the task failed.
func (o *operator) watch(ctx context.Context, task tasks.Task) error {
	ended, err := o.follow(ctx, task)
	if err != nil {
		return err
	}
	return failureOf(ended)
}

func failureOf(task tasks.Task) error {
	if task.State != tasks.TaskError {
		return nil
	}
	if task.Fault == nil {
		return errors.New("the task failed")
	}
	return fmt.Errorf("the task failed (%s): %s", task.Fault.Code, task.Fault.Message)
}

// follow prints a task's events as they happen and returns its row once it has ended. Progress
// comes from the workflow, or from the row if the workflow does not answer; the row decides
// whether the task has ended.
func (o *operator) follow(ctx context.Context, task tasks.Task) (tasks.Task, error) {
	show, done := o.eventPrinter()
	defer done()
	for seq := int64(0); ; {
		events, err := o.eventsAfter(ctx, task, seq)
		if err != nil {
			return task, err
		}
		for _, e := range events {
			show(e)
			seq = e.Seq
		}
		if task, err = tasks.AnyTask(ctx, o.db, task.ID); err != nil || task.State.Ended() && seq >= task.Seq {
			return task, err
		}
		select {
		case <-ctx.Done():
			return task, fmt.Errorf("stopped following, the task continues: lyo task watch %s, or lyo task cancel %s", task.ID, task.ID)
		case <-time.After(lookEvery):
		}
	}
}

func (o *operator) eventsAfter(ctx context.Context, task tasks.Task, seq int64) ([]tasks.TaskEvent, error) {
	asking, cancel := context.WithTimeout(ctx, queryFor)
	defer cancel()
	if !task.State.Ended() {
		if events, err := workflows.ProgressOf(asking, o.temporal, task.WorkflowID, seq); err == nil {
			return events, nil
		}
	}
	return tasks.EventsAfter(ctx, o.db, task.ID, seq)
}

// eventPrinter prints events: as a progress bar on a terminal, as JSON lines with --json, else as
// lines of text.
func (o *operator) eventPrinter() (show func(tasks.TaskEvent), done func()) {
	switch {
	case o.asJSON:
		enc := json.NewEncoder(o.out)
		return func(e tasks.TaskEvent) { _ = enc.Encode(e) }, func() {} // a failed write is ignored
	case !o.terminal:
		return func(e tasks.TaskEvent) { fmt.Fprintf(o.errs, "%3d%%  %s\n", e.Progress, e.Message) }, func() {}
	}
	bar := progressbar.NewOptions(100,
		progressbar.OptionSetWriter(o.errs), progressbar.OptionSetWidth(30), progressbar.OptionSetElapsedTime(true),
		progressbar.OptionSetPredictTime(false), progressbar.OptionClearOnFinish(),
	)
	return func(e tasks.TaskEvent) {
		bar.Describe(fmt.Sprintf("%-44.44s", e.Message))
		_ = bar.Set(e.Progress) // a failure to draw is ignored
	}, func() { _ = bar.Finish() }
}

// cancelWithin bounds the wait for the end of a cancelled task.
const cancelWithin = 10 * time.Second

// cancel cancels a task as its owner's request does.
func (o *operator) cancel(ctx context.Context, task tasks.Task) error {
	message := outbox.Cancel(task, clock())
	if err := courses.CancelTask(ctx, o.db, task.UserID, task.ID, message, clock()); err != nil {
		return err
	}
	o.dispatcher.TryDispatch(ctx, message)
	waiting, stop := context.WithTimeout(ctx, cancelWithin)
	defer stop()
	ended, err := o.untilEnded(waiting, task)
	if err != nil {
		return err
	}
	if o.asJSON {
		return o.print(lineOf(ended))
	}
	says := "is cancelled"
	if !ended.State.Ended() {
		says = "will be cancelled when its worker or Temporal is there again"
	}
	fmt.Fprintln(o.out, task.ID, says)
	return nil
}

// untilEnded waits until the row of a task has ended. When ctx ends first, it returns the row
// as it is.
func (o *operator) untilEnded(ctx context.Context, task tasks.Task) (tasks.Task, error) {
	for {
		row, err := tasks.AnyTask(context.WithoutCancel(ctx), o.db, task.ID)
		if err != nil || row.State.Ended() {
			return row, err
		}
		select {
		case <-ctx.Done():
			return row, nil
		case <-time.After(lookEvery):
		}
	}
}

// retry creates a new task that writes what a failed task left unfinished, since a task is never
// reopened. It does not count towards the user's daily tokens.
func (o *operator) retry(ctx context.Context, task tasks.Task) error {
	if task.State != tasks.TaskError {
		return store.Errorf(store.Conflict, "The task has not failed, it is %s.", task.State)
	}
	if !task.MakesCourse() {
		return store.Errorf(store.Conflict, "Only courses can be retried; its owner has to request a %s again.", task.TaskType)
	}
	id, _ := courses.GenerationIDs(task.UserID, nil)
	again := tasks.NewTask(id, task.UserID, task.ResultID, clock())
	again.TaskType, again.WorkflowID, again.RequestHash = tasks.TaskCourseRegeneration, workflows.RegenerateCourseID(id), task.RequestHash
	again.Spec = tasks.TaskSpec{Section: tasks.SectionLessons}
	if task.TaskType == tasks.TaskCourseRegeneration {
		again.Spec = task.Spec
	}
	message := outbox.Course(again, o.bounds(), again.CreatedAt)
	made, _, err := courses.CreateRegeneration(ctx, o.db, again, nil, message, courses.Quota{AtOnce: o.cfg.Course.AtOnce})
	if err != nil {
		return err
	}
	o.dispatcher.TryDispatch(ctx, message)
	if !o.asJSON {
		fmt.Fprintln(o.out, made.ID, "goes on with", task.ResultID)
	}
	return o.watch(ctx, made)
}

func (o *operator) bounds() outbox.Timeouts {
	return outbox.Timeouts{Deadline: o.cfg.Course.Deadline, Review: o.cfg.Course.ReviewFor}
}
