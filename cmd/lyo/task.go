package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/models"
)

// taskCommand is what an operator does with anybody's tasks.
func taskCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "task", Short: "List, show, watch, cancel and retry tasks, whoever they belong to"}
	cmd.AddCommand(
		listTasksCommand(environ),
		oneTask("show ID", "Show a task, its story, and what it waits for", environ, (*operator).show),
		oneTask("watch ID", "Follow a task to its end", environ, (*operator).watch),
		oneTask("cancel ID", "Cancel a task; finished lessons stay", environ, (*operator).cancel),
		oneTask("retry ID", "Have what a failed task left unwritten written by a new one, and follow that", environ, (*operator).retry),
	)
	return cmd
}

func oneTask(use, short string, environ []string, act func(*operator, context.Context, models.Task) error) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return fmt.Errorf("%q is no task's id", args[0])
			}
			return operate(cmd, environ, asJSON, func(ctx context.Context, o *operator) error {
				task, err := models.AnyTask(ctx, o.db, id)
				if err != nil {
					return err
				}
				return act(o, ctx, task)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

func listTasksCommand(environ []string) *cobra.Command {
	var filter models.TaskFilter
	var state, who string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "The newest tasks", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.State = models.TaskState(strings.ToUpper(state))
			return operate(cmd, environ, asJSON, func(ctx context.Context, o *operator) error { return o.list(ctx, who, filter) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&state, "state", "", "only those QUEUED, RUNNING, DONE or in ERROR")
	flags.StringVar(&filter.TaskType, "type", "", "only those of a type, such as course_generation")
	flags.StringVar(&who, "user", "", "only those of an account: its e-mail address or id")
	flags.IntVar(&filter.Limit, "limit", 20, "how many at most")
	flags.BoolVar(&asJSON, "json", false, "for programs")
	return cmd
}

// taskLine is a task as commands show it.
type taskLine struct {
	ID          uuid.UUID         `json:"id"`
	UserID      uuid.UUID         `json:"user_id"`
	Type        string            `json:"task_type"`
	State       models.TaskState  `json:"state"`
	Progress    int               `json:"progress"`
	Step        string            `json:"step"`
	Message     string            `json:"message"`
	ResultID    uuid.UUID         `json:"result_id"`
	WorkflowID  string            `json:"workflow_id"`
	CreatedAt   time.Time         `json:"created_at"`
	StartedAt   *time.Time        `json:"started_at"`
	CompletedAt *time.Time        `json:"completed_at"`
	Fault       *models.TaskFault `json:"fault"`
}

func lineOf(t models.Task) taskLine {
	return taskLine{
		t.ID, t.UserID, t.TaskType, t.State, t.Progress, t.Step, t.Message, t.ResultID, t.WorkflowID, t.CreatedAt, t.StartedAt, t.CompletedAt, t.Fault,
	}
}

func (o *operator) list(ctx context.Context, who string, f models.TaskFilter) error {
	var user *uuid.UUID
	if who != "" {
		account, err := models.FindAccount(ctx, o.db, who)
		if err != nil {
			return err
		}
		user = &account.ID
	}
	tasks, err := models.AllTasks(ctx, o.db, user, f)
	if err != nil {
		return err
	}
	lines := make([]taskLine, 0, len(tasks))
	for _, t := range tasks {
		lines = append(lines, lineOf(t))
	}
	if o.asJSON {
		return o.print(lines)
	}
	table := tabwriter.NewWriter(o.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTYPE\tSTATE\tDONE\tSINCE\tMESSAGE")
	for _, l := range lines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d%%\t%s\t%s\n", l.ID, l.Type, l.State, l.Progress, l.CreatedAt.UTC().Format(time.DateTime), l.Message)
	}
	return table.Flush()
}

// show is the task with its story, and with the promises to Temporal that wait.
func (o *operator) show(ctx context.Context, task models.Task) error {
	events, err := models.EventsAfter(ctx, o.db, task.ID, 0)
	if err != nil {
		return err
	}
	promises, err := models.PromisesFor(ctx, o.db, task.WorkflowID)
	if err != nil {
		return err
	}
	waits := make([]string, 0, len(promises))
	for _, p := range promises {
		waits = append(waits, waitsFor(p))
	}
	if o.asJSON {
		return o.print(map[string]any{"task": lineOf(task), "events": events, "waits_for": waits})
	}
	fmt.Fprintf(o.out, "%s  %s  %s  %d%%  %s\nresult    %s\nworkflow  %s\nuser      %s\n",
		task.ID, task.TaskType, task.State, task.Progress, task.Message, task.ResultID, task.WorkflowID, task.UserID)
	for _, w := range waits {
		fmt.Fprintln(o.out, "waits for", w)
	}
	fmt.Fprintln(o.out)
	for _, e := range events {
		fmt.Fprintf(o.out, "%4d  %s  %3d%%  %-10s  %s\n", e.Seq, e.At.UTC().Format(time.TimeOnly), e.Progress, e.Step, e.Message)
	}
	return nil
}

func waitsFor(p models.OutboxEntry) string {
	switch {
	case p.Held:
		return "its turn in its user's line"
	case p.LastError != "":
		return fmt.Sprintf("Temporal to take its %s; tried %d times: %s", p.Action, p.Attempts, p.LastError)
	default:
		return "Temporal to take its " + p.Action
	}
}
