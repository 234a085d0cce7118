package main

import (
	"context"
	"fmt"
	"net/http"

	"golang.org/x/crypto/bcrypt"
)

const boardAddress = "/v1/gamification/leaderboard?limit=50"

// quickHash returns the password's hash at a cost low enough for many sign-ins.
func quickHash() (string, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), quickCost)
	return string(hash), err
}

// boardsByHTTP compares boards of so many learners from the API with bare ones.
func boardsByHTTP(ctx context.Context, o options, dir, database string, learners int) (top race, err error) {
	api, err := startAPI(ctx, o, dir, database, fmt.Sprintf("LYO_BCRYPT_COST=%d", quickCost))
	if err != nil {
		return top, err
	}
	defer api.stop()
	bare, err := startBare(ctx, "board", "-database", database, "-redis", o.redis)
	if err != nil {
		return top, err
	}
	defer bare.stop()
	tokens, err := tokensOf(ctx, api.base, boardAsks)
	if err != nil {
		return top, err
	}
	for i, kind := range []struct{ name, more string }{{"The top 50", ""}, {"The fifty around oneself", "&around_me=true"}} {
		address := boardAddress + kind.more
		o.sectionf("%s of %d", kind.name, learners)
		fmt.Fprintf(o.out, "GET %s. The bare handler asks Redis for the same places and the viewer's, and Postgres for the names.\n\n", address)
		limit := bare.counted(o, bare.contend("bare Gin, Redis and pgx", func(client int) call {
			return call{http.MethodGet, fmt.Sprintf("%s&viewer=%d", address, client), "", nil, http.StatusOK}
		}))
		lyo := api.counted(o, api.contend("Lyo", func(client int) call { return call{http.MethodGet, address, tokens[client], nil, http.StatusOK} }))
		r, err := compete(ctx, o, boardAsks, limit, lyo)
		if err != nil {
			return top, err
		}
		r.print(o)
		if i == 0 {
			top = r
		}
		if learners < boardUsers {
			continue
		}
		o.atLeast(kind.name+" beside bare", r.ratio(1), 0.9)
		if err := lookAt(ctx, o, api, boardAsks, contender{name: fmt.Sprintf("%s, %d clients", kind.name, boardAsks), do: lyo.do}); err != nil {
			return top, err
		}
	}
	return top, nil
}
