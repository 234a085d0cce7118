package main

import (
	"context"
	"fmt"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const (
	awardsBefore = 2000                   // a course is asked for behind so many awards
	behindWithin = 200 * time.Millisecond // target for how much later it starts
)

// idle prints the CPU time that the system takes while nobody asks anything.
func (s *system) idle(ctx context.Context, o options) error {
	before, err := s.processes.read()
	if err != nil {
		return err
	}
	select {
	case <-time.After(o.lap()):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := s.processes.read()
	if err != nil {
		return err
	}
	kept := map[string]float64{}
	fmt.Fprint(o.out, "\nNothing asked, CPU time a second:")
	for _, name := range s.processes.names() {
		kept[name] = milliseconds(after[name]-before[name]) / o.lap().Seconds()
		fmt.Fprintf(o.out, " %s %.1f ms,", name, kept[name])
	}
	fmt.Fprintln(o.out, " all of it also part of the figures below.")
	o.record("idle, CPU ms a second", kept)
	return nil
}

// coursesBehind measures how long a course waits for its start: alone, and behind awards that were accepted
// just before, by a learner who is new and by the second learner, who got every fourth of them.
func (s *system) coursesBehind(ctx context.Context, o options, tokens []string, users []uuid.UUID) error {
	newcomer, err := s.api.enter(ctx, 0)
	if err != nil {
		return err
	}
	var second uuid.UUID
	if err := s.rows.QueryRow(ctx, "SELECT id FROM users WHERE email = $1", emailOf(2)).Scan(&second); err != nil {
		return err
	}
	user := inTurn([]uuid.UUID{second, users[3], users[4], users[5]})
	award := s.contend("an award", func(int) call { return call{http.MethodPost, awardAddress, tokens[0], awardTo(user()), http.StatusOK} })
	o.sectionf("A course behind awards")
	fmt.Fprintf(o.out, "From the commit of a course's request to its start, medians of %d rounds; %d awards by %d clients were accepted just before. Behind them it waits at most %v longer, or should.\n\n", o.rounds, awardsBefore, awardClients, behindWithin)
	var alone, behind, known []time.Duration
	for range o.rounds {
		took, err := s.startOf(ctx, newcomer)
		if err != nil {
			return err
		}
		alone = append(alone, took)
		if err := s.settle(ctx); err != nil {
			return err
		}
		if err := awardMany(ctx, award); err != nil {
			return err
		}
		for _, one := range []struct {
			token string
			took  *[]time.Duration
		}{{newcomer, &behind}, {tokens[1], &known}} {
			took, err := s.startOf(ctx, one.token)
			if err != nil {
				return err
			}
			*one.took = append(*one.took, took)
		}
		if err := s.settle(ctx); err != nil {
			return err
		}
	}
	fmt.Fprint(o.out, "| a course | starts after | the longest |\n| --- | ---: | ---: |\n")
	for _, row := range []struct {
		name string
		took []time.Duration
	}{{"when nothing else is done", alone}, {"of a newcomer, behind awards", behind}, {"of a learner who got every fourth, behind awards", known}} {
		fmt.Fprintf(o.out, "| %s | %v | %v |\n", row.name, rounded(percentile(row.took, 50)), rounded(percentile(row.took, 100)))
		o.record(row.name, map[string]float64{"starts_after_ms": milliseconds(percentile(row.took, 50)), "longest_ms": milliseconds(percentile(row.took, 100))})
	}
	for name, took := range map[string][]time.Duration{"a newcomer": behind, "a learner who got every fourth": known} {
		o.within("a course of "+name+" behind awards starts later by", percentile(took, 50)-percentile(alone, 50), behindWithin)
	}
	return nil
}

// awardMany has so many awards accepted, without waiting for what follows them.
func awardMany(ctx context.Context, award contender) error {
	var sent atomic.Int64
	var all errgroup.Group
	for i := range awardClients {
		all.Go(func() error {
			for sent.Add(1) <= awardsBefore {
				if err := award.do(ctx, i); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return all.Wait()
}

// startOf requests a course and returns how long after the commit of its task its run began.
func (s *system) startOf(ctx context.Context, token string) (time.Duration, error) {
	task, err := s.api.order(ctx, token, "How tides work")
	if err != nil {
		return 0, err
	}
	for {
		var seconds *float64
		err := s.rows.QueryRow(ctx, "SELECT extract(epoch FROM started_at - created_at)::float8 FROM tasks WHERE id = $1", task).Scan(&seconds)
		if err != nil {
			return 0, err
		}
		if seconds != nil {
			return time.Duration(*seconds * float64(time.Second)), nil
		}
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
