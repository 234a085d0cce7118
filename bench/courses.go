package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/store"
)

const (
	bareQueue  = "bare"
	bareWide   = 3  // concurrent activities, as for lessons
	slots      = 50 // concurrent activities in one worker, bare or not
	coursesFor = 24 // in one batch
)

// bareRun runs so many empty activities: a quarter one after another, as a course is
// prepared and planned, the rest a few at a time, like its lessons.
func bareRun(ctx workflow.Context, activities int) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	run := func(ctx workflow.Context) error { return workflow.ExecuteActivity(ctx, "nothing").Get(ctx, nil) }
	inLine := activities / 4
	for range inLine {
		if err := run(ctx); err != nil {
			return err
		}
	}
	places := workflow.NewSemaphore(ctx, bareWide)
	group := workflow.NewWaitGroup(ctx)
	var failed error
	for range activities - inLine {
		if err := places.Acquire(ctx, 1); err != nil {
			return err
		}
		group.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer group.Done()
			defer places.Release(1)
			failed = errors.Join(failed, run(ctx))
		})
	}
	group.Wait(ctx)
	return failed
}

// quietly returns options without a log, which would cost a line for each activity.
func quietly(address string) client.Options {
	return client.Options{HostPort: address, Logger: log.NewStructuredLogger(slog.New(slog.DiscardHandler))}
}

// bareActivities runs a worker for bareRun, with Lyo's options.
func bareActivities(ctx context.Context, f bareFlags) (http.Handler, error) {
	c, err := client.DialContext(ctx, quietly(f.temporal))
	if err != nil {
		return nil, fmt.Errorf("connect to Temporal: %w", err)
	}
	w := worker.New(c, bareQueue, worker.Options{
		MaxConcurrentWorkflowTaskPollers: 4, MaxConcurrentActivityTaskPollers: 4, MaxConcurrentActivityExecutionSize: slots,
	})
	w.RegisterWorkflow(bareRun)
	w.RegisterActivityWithOptions(func(context.Context) error { return nil }, activity.RegisterOptions{Name: "nothing"})
	if err := w.Start(); err != nil {
		return nil, fmt.Errorf("start the worker: %w", err)
	}
	context.AfterFunc(ctx, w.Stop)
	return bareHTTP(ctx, f)
}

// works is everything that makes courses, and its bare counterpart.
type works struct {
	o        options
	api      *target
	writer   *target // the worker
	rows     *pgx.Conn
	temporal client.Client
	tokens   []string
	steps    int // activities of a course
	asked    int
}

// benchCourses measures whole courses. The built-in outline writer makes them, so the
// model costs next to nothing.
func benchCourses(ctx context.Context, o options) error {
	if o.temporal == "" {
		fmt.Fprintln(o.out, "TEST_TEMPORAL_BIN is not set: left out.")
		return nil
	}
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	server, err := local.StartTemporal(ctx, local.TemporalOptions{Binary: o.temporal, DBFile: filepath.Join(dir, "temporal.db"), Out: o.errs})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop(context.WithoutCancel(ctx)) }()
	return withWorks(ctx, o, dir, database, server.Address(), func(w *works) error { return w.measure(ctx) })
}

// withWorks starts an API, a worker and a bare worker, and stops them afterwards.
func withWorks(ctx context.Context, o options, dir, database, temporal string, use func(*works) error) (err error) {
	if o.program, err = build(ctx, o, dir); err != nil {
		return err
	}
	extra := []string{"TEMPORAL_ADDRESS=" + temporal, "LYO_BCRYPT_COST=4", "LYO_RATE_LIMITS=off", "LYO_COURSES_AT_ONCE=100", fmt.Sprint("LYO_GEMMA_PARALLEL=", slots), "LYO_LOG_LEVEL=error"}
	w := &works{o: o}
	if w.api, err = startAPI(ctx, o, dir, database, extra...); err != nil {
		return err
	}
	defer w.api.stop()
	seen, profiles, err := profiling()
	if err != nil {
		return err
	}
	env := append(append(environ(o, dir, database, 1), extra...), seen...)
	writer, err := local.Start(local.Spec{Name: "worker", Path: o.program, Args: []string{"worker"}, Env: env, Out: o.errs})
	if err != nil {
		return err
	}
	w.writer = &target{process: writer, profiles: profiles}
	defer w.writer.stop()
	bare, err := startBare(ctx, "activities", "-temporal", temporal)
	if err != nil {
		return err
	}
	defer bare.stop()
	if w.rows, err = pgx.Connect(ctx, database); err != nil {
		return err
	}
	defer w.rows.Close(context.WithoutCancel(ctx))
	if w.temporal, err = client.DialContext(ctx, quietly(temporal)); err != nil {
		return err
	}
	defer w.temporal.Close()
	for i := range 8 {
		token, err := w.api.enter(ctx, i)
		if err != nil {
			return err
		}
		w.tokens = append(w.tokens, token)
	}
	return use(w)
}

// working is the result of one round.
type working struct {
	bareRate, rate     float64 // a second, of a batch
	bareAlone, alone   time.Duration
	bareWhole, ordered time.Duration // not printed: the batch's whole time
}

func (w *works) measure(ctx context.Context) error {
	first, err := w.makeCourses(ctx, 1) // warm-up, and to count a course's activities
	if err != nil {
		return err
	}
	if w.steps, err = w.activitiesOf(ctx); err != nil {
		return err
	}
	if _, err := w.runBare(ctx, 1); err != nil {
		return err
	}
	fmt.Fprintf(w.o.errs, "the first course took %v in %d activities\n", first.Round(time.Millisecond), w.steps)
	rounds := make([]working, w.o.rounds)
	for i := range rounds {
		if rounds[i], err = w.round(ctx); err != nil {
			return err
		}
	}
	if err := w.print(rounds); err != nil {
		return err
	}
	return look(ctx, w.o, w.writer, fmt.Sprintf("The worker while %d courses are made", coursesFor), func(ctx context.Context) error {
		_, err := w.makeCourses(ctx, coursesFor)
		return err
	})
}

func (w *works) round(ctx context.Context) (r working, err error) {
	if r.bareAlone, err = w.runBare(ctx, 1); err != nil {
		return r, err
	}
	if r.alone, err = w.makeCourses(ctx, 1); err != nil {
		return r, err
	}
	if r.bareWhole, err = w.runBare(ctx, coursesFor); err != nil {
		return r, err
	}
	if r.ordered, err = w.makeCourses(ctx, coursesFor); err != nil {
		return r, err
	}
	r.bareRate, r.rate = coursesFor/r.bareWhole.Seconds(), coursesFor/r.ordered.Seconds()
	return r, nil
}

func (w *works) print(rounds []working) error {
	bareRate := median(rounds, func(r working) float64 { return r.bareRate })
	rate := median(rounds, func(r working) float64 { return r.rate })
	fmt.Fprintf(w.o.out, "Medians of %d rounds. A course is %d activities and is written by the built-in outline writer; the limit is a workflow of as many activities that do nothing, on the same Temporal and with as many slots. A batch is %d of them, asked for at once.\n\n",
		len(rounds), w.steps, coursesFor)
	fmt.Fprint(w.o.out, "| | a second, of a batch | ratio | one alone |\n| --- | ---: | ---: | ---: |\n")
	fmt.Fprintf(w.o.out, "| bare Temporal runs | %s | 1.00 | %v |\n", figure(bareRate), rounded(median(rounds, func(r working) time.Duration { return r.bareAlone })))
	fmt.Fprintf(w.o.out, "| whole courses, from the request to READY | %s | %.2f | %v |\n", figure(rate),
		median(rounds, func(r working) float64 { return r.rate / r.bareRate }), rounded(median(rounds, func(r working) time.Duration { return r.alone })))
	w.o.atLeast("courses of a batch beside bare runs", median(rounds, func(r working) float64 { return r.rate / r.bareRate }), 0.7)
	w.o.atLeast("courses of a batch, a second", rate, 30)
	w.o.within("one course alone beyond its bare run", median(rounds, func(r working) time.Duration { return r.alone - r.bareAlone }), 150*time.Millisecond)
	return plot(w.o, "courses", chart{title: "Whole courses beside bare runs", unit: "a second", bars: []bar{{"bare Temporal runs", bareRate}, {"courses", rate}}})
}

// runBare starts so many bare runs at once and waits for all of them.
func (w *works) runBare(ctx context.Context, n int) (time.Duration, error) {
	began := time.Now()
	var all errgroup.Group
	for range n {
		all.Go(func() error {
			run, err := w.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "bare/" + store.NewID().String(), TaskQueue: bareQueue}, bareRun, w.steps)
			if err != nil {
				return err
			}
			return run.Get(ctx, nil)
		})
	}
	err := all.Wait()
	return time.Since(began), err
}

// makeCourses requests so many courses at once and waits until all are READY. The time
// is taken from the rows, from the first request to the last end.
func (w *works) makeCourses(ctx context.Context, n int) (time.Duration, error) {
	var all errgroup.Group
	before := time.Now()
	for i := range n {
		w.asked++
		topic := fmt.Sprintf("How tides work, part %d", w.asked)
		all.Go(func() error {
			_, err := w.api.order(ctx, w.tokens[i%len(w.tokens)], topic)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		return 0, err
	}
	const waiting = "SELECT count(*) FROM tasks WHERE state IN ('QUEUED', 'RUNNING')"
	for open := 1; open > 0; {
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
		if err := w.rows.QueryRow(ctx, waiting).Scan(&open); err != nil {
			return 0, err
		}
		if time.Since(before) > 3*time.Minute {
			return 0, fmt.Errorf("%d courses are not finished after three minutes", open)
		}
	}
	var seconds float64
	var failed int
	err := w.rows.QueryRow(ctx, `SELECT extract(epoch FROM max(completed_at) - min(created_at)), count(*) FILTER (WHERE state <> 'DONE')
		FROM (SELECT * FROM tasks ORDER BY created_at DESC LIMIT $1) t`, n).Scan(&seconds, &failed)
	if err == nil && failed > 0 {
		err = fmt.Errorf("%d courses failed", failed)
	}
	return time.Duration(seconds * float64(time.Second)), err
}

// activitiesOf counts the activities of the newest course.
func (w *works) activitiesOf(ctx context.Context) (n int, err error) {
	var id string
	if err := w.rows.QueryRow(ctx, "SELECT workflow_id FROM tasks ORDER BY created_at DESC LIMIT 1").Scan(&id); err != nil {
		return 0, err
	}
	history := w.temporal.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return 0, err
		}
		if event.GetEventType() == enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			n++
		}
	}
	return n, nil
}
