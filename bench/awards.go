package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

const (
	awardLearners = 10_000
	awardClients  = 16
	awardAddress  = "/v1/gamification/award-points"
)

// benchAwards compares an award with the least handler that writes as much, and with the queues of others
// behind the same handler; and measures how long a course waits behind awards.
func benchAwards(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	if err := learnersWithPoints(ctx, database, awardLearners); err != nil {
		return err
	}
	s, err := startSystem(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer s.stop()
	tokens, err := tokensOf(ctx, s.api.base, boardAsks)
	if err != nil {
		return err
	}
	if err := s.haveBoards(ctx, tokens[0]); err != nil {
		return err
	}
	users, err := allLearners(ctx, s.rows)
	if err != nil {
		return err
	}
	if err := s.idle(ctx, o); err != nil {
		return err
	}
	award := func(token string) func(int) call {
		return func(int) call {
			return call{http.MethodPost, awardAddress, token, awardTo(users[rand.IntN(len(users))]), http.StatusOK} //nolint:gosec // who gets points here is no secret
		}
	}
	lyo := s.contend("Lyo: the award, and what follows it", award(tokens[0]))
	if err := raceToAward(ctx, o, lyo, award("")); err != nil {
		return err
	}
	if err := s.coursesBehind(ctx, o, tokens, users); err != nil {
		return err
	}
	return lookAt(ctx, o, s.api, awardClients, contender{name: "POST " + awardAddress + ", 16 clients", do: lyo.do})
}

// raceToAward compares Lyo's awards with those of the others, each in a database of its own.
func raceToAward(ctx context.Context, o options, lyo contender, award func(int) call) error {
	least, drop, err := o.leastAwards(ctx)
	if err != nil {
		return err
	}
	defer drop()
	of := []contender{least.counted(o, least.contend("the least: Gin, pgx and Redis write ledger, total and rank", award)), lyo}
	for _, queue := range []string{"river", "asynq"} {
		peer, stop, err := o.startPeer(ctx, queue)
		if err != nil {
			return err
		}
		defer stop()
		c := peer.counted(o, peer.contend("the same, the rank by a job of "+queue, award))
		c.settle = peer.settle
		of = append(of, c)
	}
	o.sectionf("An award")
	fmt.Fprintf(o.out, "POST %s for one of %d learners, who hold the achievements that their points have reached: one award in some two hundred unlocks one. ", awardAddress, awardLearners)
	r, err := competeFor(ctx, o, o.quiet(), awardClients, of...)
	if err != nil {
		return err
	}
	r.print(o)
	o.atLeast("an award sustained beside the least handler", r.settled(1), 0.15)
	o.atMost("CPU time of an award", r.cost(1), 2, " ms")
	return nil
}

// counted counts the target's process beside the servers.
func (t *target) counted(o options, c contender) contender {
	c.processes = append(meter{{"api", t.process.PID()}}, o.servers...)
	return c
}

func awardTo(user uuid.UUID) []byte {
	return fmt.Appendf(nil, `{"user_id":%q,"points":5,"reason":"A good answer"}`, user)
}

func allLearners(ctx context.Context, rows *pgx.Conn) ([]uuid.UUID, error) {
	found, err := rows.Query(ctx, "SELECT id FROM users ORDER BY id")
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(found, pgx.RowTo[uuid.UUID])
}

// haveBoards reads a board, after which missing ones are built, and waits until they are.
func (s *system) haveBoards(ctx context.Context, token string) error {
	top := s.api.contend("a board", func(int) call { return call{http.MethodGet, boardAddress, token, nil, http.StatusOK} })
	if err := top.do(ctx, 0); err != nil {
		return err
	}
	return s.settle(ctx)
}
