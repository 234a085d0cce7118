package main

import (
	"context"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// taskCommand returns the commands on tasks of all users.
func taskCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "task", Short: "List, show, watch, cancel and retry tasks of all users"}
	cmd.AddCommand(
		listTasksCommand(environ),
		oneTask("show ID", "Show a task, its events, and what it waits for", environ, (*operator).show),
		oneTask("watch ID", "Follow a task to its end", environ, (*operator).watch),
		oneTask("cancel ID", "Cancel a task; finished lessons stay", environ, (*operator).cancel),
		oneTask("retry ID", "Write what a failed task left unfinished in a new task, and follow it", environ, (*operator).retry),
	)
	return cmd
}

func oneTask(use, short string, environ []string, act func(*operator, context.Context, tasks.Task) error) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := uuid.Parse(args[0])
			if err != nil {
				return fmt.Errorf("%q is no task's id", args[0])
			}
			return operate(cmd, environ, asJSON, func(ctx context.Context, o *operator) error {
				task, err := tasks.AnyTask(ctx, o.db, id)
				if err != nil {
					return err
				}
				return act(o, ctx, task)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func listTasksCommand(environ []string) *cobra.Command {
	var filter tasks.TaskFilter
	var state, who string
	var asJSON bool
	cmd := &cobra.Command{
		Use: "list", Short: "List the newest tasks", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			filter.State = tasks.TaskState(strings.ToUpper(state))
			return operate(cmd, environ, asJSON, func(ctx context.Context, o *operator) error { return o.list(ctx, who, filter) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&state, "state", "", "only tasks in a state: QUEUED, RUNNING, DONE or ERROR")
	flags.StringVar(&filter.TaskType, "type", "", "only tasks of a type, such as course_generation")
	flags.StringVar(&who, "user", "", "only tasks of an account: its e-mail address or id")
	flags.IntVar(&filter.Limit, "limit", 20, "maximum number of tasks")
	flags.BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

// taskLine is a task in the output of the list.
type taskLine struct {
	ID          uuid.UUID        `json:"id"`
	UserID      uuid.UUID        `json:"user_id"`
	Type        string           `json:"task_type"`
	State       tasks.TaskState  `json:"state"`
	Progress    int              `json:"progress"`
	Step        string           `json:"step"`
	Message     string           `json:"message"`
	ResultID    uuid.UUID        `json:"result_id"`
	WorkflowID  string           `json:"workflow_id"`
	CreatedAt   time.Time        `json:"created_at"`
	StartedAt   *time.Time       `json:"started_at"`
	CompletedAt *time.Time       `json:"completed_at"`
	Fault       *tasks.TaskFault `json:"fault"`
}

func lineOf(t tasks.Task) taskLine {
	return taskLine{
		t.ID, t.UserID, t.TaskType, t.State, t.Progress, t.Step, t.Message, t.ResultID, t.WorkflowID, t.CreatedAt, t.StartedAt, t.CompletedAt, t.Fault,
	}
}

func (o *operator) list(ctx context.Context, who string, f tasks.TaskFilter) error {
	var user *uuid.UUID
	if who != "" {
		account, err := accounts.FindAccount(ctx, o.db, who)
		if err != nil {
			return err
		}
		user = &account.ID
	}
	tasks, err := tasks.AllTasks(ctx, o.db, user, f)
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

// show prints a task with its events and its outbox messages that are not dispatched yet.
func (o *operator) show(ctx context.Context, task tasks.Task) error {
	events, err := tasks.EventsAfter(ctx, o.db, task.ID, 0)
	if err != nil {
		return err
	}
	messages, err := store.MessagesFor(ctx, o.db, task.WorkflowID)
	if err != nil {
		return err
	}
	waits := make([]string, 0, len(messages))
	for _, m := range messages {
		waits = append(waits, waitsFor(m))
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

// waitsFor describes what keeps an outbox message from being dispatched.
func waitsFor(m store.OutboxMessage) string {
	switch {
	case m.Waiting:
		return "its turn in its user's queue"
	case m.LastError != "":
		return fmt.Sprintf("Temporal to accept its %s; tried %d times: %s", m.Action, m.Attempts, m.LastError)
	default:
		return "Temporal to accept its " + m.Action
	}
}
