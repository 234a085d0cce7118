package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
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
	case <-time.After(o.lookFor()):
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
		kept[name] = milliseconds(after[name]-before[name]) / o.lookFor().Seconds()
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
	fmt.Fprintf(o.out, "Medians of %d rounds; %d awards by %d clients were accepted just before. A course starts when its run does, from the commit of its request on, and is seen to have started when its row says so, from the request on.\n\n", o.rounds, awardsBefore, awardClients)
	var alone, behind, known []start
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
			took  *[]start
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
	fmt.Fprint(o.out, "| a course | starts after | the longest | is seen to after | the longest |\n| --- | ---: | ---: | ---: | ---: |\n")
	for _, row := range []struct {
		name string
		took []start
	}{{"when nothing else is done", alone}, {"of a newcomer, behind awards", behind}, {"of a learner who got every fourth, behind awards", known}} {
		after, seen := median(row.took, start.ofRun), median(row.took, start.ofRow)
		most, last := slices.MaxFunc(row.took, byRun), slices.MaxFunc(row.took, byRow)
		fmt.Fprintf(o.out, "| %s | %v | %v | %v | %v |\n", row.name, rounded(after), rounded(most.after), rounded(seen), rounded(last.seen))
		o.record(row.name, map[string]float64{
			"starts_after_ms": milliseconds(after), "longest_ms": milliseconds(most.after), "seen_after_ms": milliseconds(seen), "seen_longest_ms": milliseconds(last.seen),
		})
	}
	for _, one := range []struct {
		name string
		took []start
	}{{"a newcomer", behind}, {"a learner who got every fourth", known}} {
		o.within("a course of "+one.name+" behind awards starts later by", median(one.took, start.ofRun)-median(alone, start.ofRun), behindWithin)
		o.within("and is seen to later by", median(one.took, start.ofRow)-median(alone, start.ofRow), behindWithin)
	}
	return nil
}

// start is how long a course took to start, and until its row said so.
type start struct{ after, seen time.Duration }

func (s start) ofRun() time.Duration { return s.after }
func (s start) ofRow() time.Duration { return s.seen }
func byRun(a, b start) int           { return cmp.Compare(a.after, b.after) }
func byRow(a, b start) int           { return cmp.Compare(a.seen, b.seen) }

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

// startOf requests a course and returns how long it took to start.
func (s *system) startOf(ctx context.Context, token string) (start, error) {
	asked := time.Now()
	task, err := s.api.order(ctx, token, "How tides work")
	if err != nil {
		return start{}, err
	}
	for {
		var seconds *float64
		err := s.rows.QueryRow(ctx, "SELECT extract(epoch FROM started_at - created_at)::float8 FROM tasks WHERE id = $1", task).Scan(&seconds)
		if err != nil {
			return start{}, err
		}
		if seconds != nil {
			return start{time.Duration(*seconds * float64(time.Second)), time.Since(asked)}, nil
		}
		select {
		case <-time.After(settleEvery):
		case <-ctx.Done():
			return start{}, ctx.Err()
		}
	}
}
