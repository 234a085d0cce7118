package main

import (
	"context"
	"fmt"
	"time"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/models/store"
)

const coursesFor = 24 // in one batch

// works is everything that makes courses, and its bare counterpart.
type works struct {
	*system
	o         options
	bareMeter meter
	tokens    []string
	steps     int // activities of a course
	asked     int
}

// benchCourses measures whole courses. The built-in outline writer makes them, so the
// model costs next to nothing.
func benchCourses(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	s, err := startSystem(ctx, o, dir, database, "LYO_RATE_LIMITS=off", "LYO_COURSES_AT_ONCE=100", fmt.Sprint("LYO_GEMMA_PARALLEL=", slots))
	if err != nil {
		return err
	}
	defer s.stop()
	bare, err := startBare(ctx, "activities", "-temporal", s.temporal.Address())
	if err != nil {
		return err
	}
	defer bare.stop()
	w := &works{system: s, o: o, bareMeter: meter{{"worker", bare.process.PID()}, {"temporal", s.temporal.PID()}}}
	for i := range 8 {
		token, err := s.api.enter(ctx, i)
		if err != nil {
			return err
		}
		w.tokens = append(w.tokens, token)
	}
	return w.measure(ctx)
}

// working is the result of one round: one by itself, and so many that were asked for at once. Their spans end
// when the last was finished.
type working struct{ bareAlone, alone, bare, courses lap }

func (w *works) measure(ctx context.Context) error {
	first, err := w.batch(ctx, 1, w.courses()) // warm-up, and to count a course's activities
	if err != nil {
		return err
	}
	if w.steps, err = w.activitiesOf(ctx); err != nil {
		return err
	}
	if _, err := w.batch(ctx, 1, w.bare()); err != nil {
		return err
	}
	fmt.Fprintf(w.o.errs, "the first course took %v in %d activities\n", first.span.Round(time.Millisecond), w.steps)
	rounds := make([]working, w.o.rounds)
	for i := range rounds {
		if rounds[i], err = w.round(ctx); err != nil {
			return err
		}
	}
	if err := w.print(rounds); err != nil {
		return err
	}
	return look(ctx, w.o, w.worker, fmt.Sprintf("The worker while %d courses are made", coursesFor), func(ctx context.Context) error {
		_, err := w.makeCourses(ctx, coursesFor)
		return err
	})
}

func (w *works) round(ctx context.Context) (r working, err error) {
	for _, part := range []struct {
		of  *lap
		n   int
		job job
	}{{&r.bareAlone, 1, w.bare()}, {&r.alone, 1, w.courses()}, {&r.bare, coursesFor, w.bare()}, {&r.courses, coursesFor, w.courses()}} {
		if *part.of, err = w.batch(ctx, part.n, part.job); err != nil {
			return r, err
		}
	}
	return r, nil
}

// job is work that is asked for in batches.
type job struct {
	do        func(ctx context.Context, n int) (time.Duration, error)
	processes meter
}

func (w *works) courses() job { return job{w.makeCourses, w.processes} }
func (w *works) bare() job    { return job{w.runBare, w.bareMeter} }

// batch does it, waits until nothing is left to do, and counts what it cost.
func (w *works) batch(ctx context.Context, n int, j job) (lap, error) {
	whole := contender{name: "a batch", processes: j.processes, settle: w.settle}
	return whole.toItsEnd(ctx, func() (lap, error) {
		ready, err := j.do(ctx, n)
		return lap{done: n, span: ready}, err
	})
}

func (w *works) print(rounds []working) error {
	fmt.Fprintf(w.o.out, "Medians of %d rounds in turn. A course is %d activities and is written by the built-in outline writer; the limit is a workflow of as many activities that do nothing, on the same Temporal and with as many slots. A batch is %d of them, asked for at once; sustained is until nothing of it was left to do.\n\n",
		len(rounds), w.steps, coursesFor)
	fmt.Fprint(w.o.out, "| | a second, of a batch | ratio | sustained | one alone | CPU ms each, sum | api | worker | temporal | postgres | redis | client |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	w.row("bare Temporal runs", rounds, func(r working) (lap, lap) { return r.bare, r.bareAlone })
	w.row("whole courses, from the request to READY", rounds, func(r working) (lap, lap) { return r.courses, r.alone })
	rate := median(rounds, func(r working) float64 { return r.courses.rate() })
	w.o.atLeast("courses of a batch, a second", rate, 8)
	w.o.atMost("CPU time of a course", median(rounds, func(r working) float64 { return milliseconds(r.courses.all()) }), 200, " ms")
	w.o.within("one course alone beyond its bare run", median(rounds, func(r working) time.Duration { return r.alone.span - r.bareAlone.span }), 100*time.Millisecond)
	bars := []bar{{"bare Temporal runs", median(rounds, func(r working) float64 { return r.bare.rate() })}, {"courses", rate}}
	return plot(w.o, "courses", chart{title: "Whole courses beside bare runs", unit: "a second", bars: bars})
}

// row prints what became of batches, and of one alone.
func (w *works) row(name string, rounds []working, of func(working) (many, alone lap)) {
	many := func(figure func(lap) float64) float64 {
		return median(rounds, func(r working) float64 { b, _ := of(r); return figure(b) })
	}
	rate, sustained := many(lap.rate), many(func(b lap) float64 { return b.sustained() })
	ratio := median(rounds, func(r working) float64 { b, _ := of(r); return b.rate() / r.bare.rate() })
	alone := median(rounds, func(r working) time.Duration { _, b := of(r); return b.span })
	sum := many(func(b lap) float64 { return milliseconds(b.all()) })
	kept := map[string]float64{"rate": rate, "ratio": ratio, "sustained": sustained, "alone_ms": milliseconds(alone), "cpu_ms": sum}
	fmt.Fprintf(w.o.out, "| %s | %s | %.2f | %s | %v | %.0f |", name, figure(rate), ratio, figure(sustained), rounded(alone), sum)
	for _, process := range processOrder {
		kept["cpu_ms_"+process] = many(func(b lap) float64 { return milliseconds(b.each(process)) })
		fmt.Fprintf(w.o.out, " %.0f |", kept["cpu_ms_"+process])
	}
	fmt.Fprintln(w.o.out)
	w.o.record(name, kept)
}

// runBare starts so many bare runs at once and waits for all of them.
func (w *works) runBare(ctx context.Context, n int) (time.Duration, error) {
	began := time.Now()
	var all errgroup.Group
	for range n {
		all.Go(func() error {
			run, err := w.runs.ExecuteWorkflow(ctx, client.StartWorkflowOptions{ID: "bare/" + store.NewID().String(), TaskQueue: bareQueue}, bareRun, w.steps)
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
	history := w.runs.GetWorkflowHistory(ctx, id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
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
