package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// wish is a course requested on the command line.
type wish struct{ topic, who, level, locale string }

func generateCommand(environ []string) *cobra.Command {
	var w wish
	var asJSON bool
	cmd := &cobra.Command{
		Use: "generate TOPIC", Short: "Generate a course and print it as Markdown", Args: cobra.MinimumNArgs(1),
		Long: "Generates a course, shows its progress, and prints it as Markdown. After Ctrl-C the generation continues.\n" +
			"In development it belongs to an account of its own, operator@localhost, unless --as names one.",
		RunE: func(cmd *cobra.Command, args []string) error {
			w.topic = strings.TrimSpace(strings.Join(args, " "))
			return operate(cmd, environ, asJSON, func(ctx context.Context, o *operator) error { return o.generate(ctx, w) })
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&w.who, "as", "", "owner of the course: an e-mail address or id")
	flags.StringVar(&w.level, "level", "beginner", "beginner, intermediate or advanced")
	flags.StringVar(&w.locale, "locale", "en", "language, as a BCP 47 tag")
	flags.BoolVar(&asJSON, "json", false, "print events and course as JSON lines")
	return cmd
}

func (o *operator) generate(ctx context.Context, w wish) error {
	if n := utf8.RuneCountInString(w.topic); n < 3 || n > 200 {
		return errors.New("a topic has 3 to 200 characters")
	}
	owner, err := o.owner(ctx, w.who)
	if err != nil {
		return err
	}
	request := w.rows(owner)
	request.Start = outbox.Course(request.Task, o.bounds(), request.Task.CreatedAt)
	task, _, err := courses.CreateGeneration(ctx, o.db, request, courses.Quota{AtOnce: o.cfg.Course.AtOnce})
	if err != nil {
		return withHelp(err)
	}
	o.dispatcher.TryDispatch(ctx, request.Start)
	ended, err := o.follow(ctx, task)
	if err != nil {
		return err
	}
	course, err := courses.FindCourse(ctx, o.db, owner.ID, ended.ResultID)
	if err != nil {
		return err
	}
	if o.asJSON {
		err = o.print(course)
	} else {
		err = writeMarkdown(o.out, course)
	}
	return errors.Join(err, failureOf(ended))
}

// withHelp adds the help resources to the error of a rejected topic.
func withHelp(err error) error {
	var coded *store.Error
	if !errors.As(err, &coded) {
		return err
	}
	for _, r := range coded.Resources {
		err = fmt.Errorf("%w\n\n%s\n%s\n%s", err, r.Title, r.Text, strings.Join(r.Links, "\n"))
	}
	return err
}

func (o *operator) owner(ctx context.Context, who string) (accounts.User, error) {
	if who != "" {
		return accounts.FindAccount(ctx, o.db, who)
	}
	if o.cfg.Env == config.Development {
		return accounts.LocalOperator(ctx, o.db, clock())
	}
	return accounts.User{}, errors.New("name the owner of the course: --as E-MAIL")
}

func (w wish) rows(owner accounts.User) courses.Request {
	now := clock()
	taskID, courseID := courses.GenerationIDs(owner.ID, nil)
	task := tasks.NewTask(taskID, owner.ID, courseID, now)
	hash := sha256.Sum256([]byte(w.topic))
	task.WorkflowID, task.RequestHash = workflows.GenerateCourseID(taskID), hash[:]
	return courses.Request{Task: task, Course: courses.Course{
		ID: courseID, OwnerUserID: owner.ID, Title: w.topic, Topic: w.topic, Status: courses.CourseGenerating, Interests: []string{},
		DifficultyLevel: w.level, Tags: []string{}, Locale: w.locale, Preferences: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}}
}
