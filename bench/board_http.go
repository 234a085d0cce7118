package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"

	"github.com/google/uuid"
	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/models/store"
)

const (
	boardAddress = "/v1/gamification/leaderboard?limit=50"
	awardAddress = "/v1/gamification/award-points"
)

// quickHash returns the password's hash at a cost low enough for many sign-ins.
func quickHash() (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), quickCost)
	return string(hash), err
}

// boardsByHTTP compares boards and awards of the API with bare ones.
func boardsByHTTP(ctx context.Context, o options, dir, database string) error {
	api, err := startAPI(ctx, o, dir, database, fmt.Sprintf("LYO_BCRYPT_COST=%d", quickCost))
	if err != nil {
		return err
	}
	defer api.stop()
	bare, err := startBare(ctx, "board", "-database", database, "-redis", o.redis)
	if err != nil {
		return err
	}
	defer bare.stop()
	tokens, err := tokensOf(ctx, api.base, boardAsks)
	if err != nil {
		return err
	}
	for _, kind := range []struct{ name, more string }{{"The top 50", ""}, {"The fifty around oneself", "&around_me=true"}} {
		address := boardAddress + kind.more
		fmt.Fprintf(o.out, "\n## %s\n\nGET %s. The bare handler asks Redis for the same places and the viewer's, and Postgres for the names.\n\n", kind.name, address)
		limit := bare.contend("bare Gin, Redis and pgx", func(client int) call {
			return call{http.MethodGet, fmt.Sprintf("%s&viewer=%d", address, client), "", nil, http.StatusOK}
		})
		lyo := api.contend("Lyo", func(client int) call { return call{http.MethodGet, address, tokens[client], nil, http.StatusOK} })
		r, err := compete(ctx, o, boardAsks, limit, lyo)
		if err != nil {
			return err
		}
		r.print(o)
		o.atLeast(kind.name+" beside bare", r.ratio(1), 0.5)
		if err := lookAt(ctx, o, api, boardAsks, contender{kind.name + ", 4 clients", lyo.do}); err != nil {
			return err
		}
	}
	return raceToAward(ctx, o, database, api, bare, tokens[0])
}

// raceToAward compares an award with an insert into the ledger.
func raceToAward(ctx context.Context, o options, database string, api, bare *target, admin string) error {
	db, err := store.Open(database, store.Pool{MaxOpen: 1})
	if err != nil {
		return err
	}
	defer store.Close(db)
	users, err := someLearners(ctx, db)
	if err == nil && len(users) == 0 {
		err = errors.New("there are no learners")
	}
	if err != nil {
		return err
	}
	award := func(token string) call {
		return call{http.MethodPost, awardAddress, token, awardTo(users[rand.IntN(len(users))]), http.StatusOK} //nolint:gosec // who gets points here is no secret
	}
	limit := bare.contend("bare Gin and pgx, one row of the ledger", func(int) call { return award("") })
	lyo := api.contend("Lyo: the ledger, its totals, the audit log and all, in a transaction", func(int) call { return award(admin) })
	fmt.Fprintf(o.out, "\n## An award\n\nPOST %s\n\n", awardAddress)
	r, err := compete(ctx, o, boardAsks, limit, lyo)
	if err != nil {
		return err
	}
	r.print(o)
	o.atLeast("an award beside a bare insert into the ledger", r.ratio(1), 0.5)
	return lookAt(ctx, o, api, boardAsks, contender{"POST " + awardAddress + ", 4 clients", lyo.do})
}

func awardTo(user uuid.UUID) []byte {
	return fmt.Appendf(nil, `{"user_id":%q,"points":5,"reason":"A good answer"}`, user)
}
