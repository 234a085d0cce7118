package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/activities/llm/failover"
	"github.com/lyoapp/lyo/cmd/lyo/eval"
	"github.com/lyoapp/lyo/config"
)

// evaluation holds the command's flags.
type evaluation struct {
	topics, lessons, parallel int
	out, weights              string
	json                      bool
}

const lessonsPerCourse = 2 // in comparable runs

func evalCommand(environ []string) *cobra.Command {
	var e evaluation
	whole := len(eval.Topics())
	cmd := &cobra.Command{
		Use: "eval", Short: "Measure what the configured model writes, and courses of quotations", Args: cobra.NoArgs,
		Long: "Has the configured endpoint write a fixed set of 30 topics in 21 languages, prints figures and stores them.\n" +
			"Courses of quotations of twelve texts are made without a model; where none is configured they are all it measures.\n" +
			"It needs no database. It fails when a link was invented or a course of quotations is outside of a bound.\n" +
			"Ctrl-C prints what there is and writes nothing.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			return e.run(cmd, cfg)
		},
	}
	flags := cmd.Flags()
	flags.IntVar(&e.topics, "topics", whole, "number of topics")
	flags.IntVar(&e.lessons, "lessons", lessonsPerCourse, "lessons of each course")
	flags.IntVar(&e.parallel, "parallel", 0, "courses at a time (default LYO_GEMMA_PARALLEL)")
	flags.StringVar(&e.out, "out", "docs/benchmarks", "directory of the report")
	flags.StringVar(&e.weights, "weights", "", "version of the weights, for the report")
	flags.BoolVar(&e.json, "json", false, "print JSON")
	return cmd
}

func (e *evaluation) check(cfg config.Config) error {
	if e.parallel == 0 {
		e.parallel = cfg.Gemma.Parallel
	}
	if e.topics < 1 || e.topics > len(eval.Topics()) || e.lessons < 1 || e.lessons > 8 || e.parallel < 1 {
		return fmt.Errorf("allowed are 1 to %d topics, 1 to 8 lessons, and at least 1 course at a time", len(eval.Topics()))
	}
	return nil
}

func (e *evaluation) run(cmd *cobra.Command, cfg config.Config) error {
	if err := e.check(cfg); err != nil {
		return err
	}
	model, err := modelOf(cfg.Gemma, nil, logger(cfg, cmd.ErrOrStderr()))
	if err != nil {
		return err
	}
	quotations, err := eval.QuoteLibrary()
	if err != nil {
		return err
	}
	if model == nil {
		return e.withoutModel(cmd, quotations)
	}
	about, err := e.about(cmd.Context(), model)
	if err != nil {
		return err
	}
	report := e.measure(cmd.Context(), model, about, cmd.ErrOrStderr())
	return e.finish(cmd, report, quotations)
}

// withoutModel prints the figures of courses of quotations alone.
func (e *evaluation) withoutModel(cmd *cobra.Command, q eval.Quotations) error {
	if err := e.print(cmd.OutOrStdout(), nil, q); err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "no model was evaluated: set LYO_GEMMA_BASE_URL (and LYO_GEMMA_MODEL) to your model server, "+
		"or start lyo engine and set it to that; the built-in writer is no model and is never evaluated")
	return withinBounds(q)
}

func withinBounds(q eval.Quotations) error {
	if faults := q.Faults(); len(faults) > 0 {
		return fmt.Errorf("courses of quotations are outside of %d bounds, the first: %s", len(faults), faults[0])
	}
	return nil
}

// about asks the endpoint for its model, so that a wrong address fails once and not 200 times.
func (e *evaluation) about(ctx context.Context, model *failover.Chain) (eval.About, error) {
	info, err := model.Probe(ctx)
	if err != nil {
		return eval.About{}, fmt.Errorf("the configured endpoint cannot be evaluated: %w", err)
	}
	if e.weights != "" {
		info.Version = e.weights
	}
	return eval.About{
		Date: clock(), Commit: version(), Provider: info.Provider, Model: info.Model, Version: info.Version, PromptVersion: info.PromptVersion,
		Settings: eval.Settings{
			Topics: e.topics, Lessons: e.lessons, Parallel: e.parallel,
			Whole: e.topics == len(eval.Topics()) && e.lessons == lessonsPerCourse,
		},
	}, nil
}

func (e *evaluation) measure(ctx context.Context, model *failover.Chain, about eval.About, progress io.Writer) eval.Report {
	done := 0
	courses := eval.Run(ctx, eval.Options{
		Writer: model, Topics: eval.Topics()[:e.topics], Lessons: e.lessons, Parallel: e.parallel,
		Done: func(c eval.Course) {
			done++
			fmt.Fprintf(progress, "%d/%d %s: %s, %d lessons\n", done, e.topics, c.Topic.Locale, c.Topic.Text, len(c.Lessons))
		},
	})
	return eval.NewReport(about, courses, clock().Sub(about.Date))
}

func (e *evaluation) finish(cmd *cobra.Command, report eval.Report, q eval.Quotations) error {
	if err := e.print(cmd.OutOrStdout(), &report, q); err != nil {
		return err
	}
	if err := cmd.Context().Err(); err != nil {
		fmt.Fprintln(cmd.ErrOrStderr(), "lyo: interrupted; the figures above are not kept")
		return err
	}
	path, err := report.Write(e.out)
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.ErrOrStderr(), "kept in", path)
	switch {
	case report.Total.Links > 0:
		return fmt.Errorf("the model invented %d links, and they were accepted; there must be none", report.Total.Links)
	case report.Total.Lessons == 0:
		return errors.New("not one lesson was written")
	}
	return withinBounds(q)
}

// print prints the figures; report is nil without a model.
func (e *evaluation) print(out io.Writer, report *eval.Report, q eval.Quotations) error {
	if e.json {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(struct {
			*eval.Report

			Quotations eval.Quotations `json:"quotations"`
		}{report, q})
	}
	text := q.Markdown()
	if report != nil {
		text = report.Markdown() + "\n" + text
	}
	_, err := io.WriteString(out, text)
	return err
}
