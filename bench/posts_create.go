package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// postAuthors is how many learners post in turn: each has a daily limit.
const postAuthors = 200

// newPost is the body of a new post.
var newPost = []byte(`{"title":"How do neap tides work?","content":"Words about the tides and the moon, and what the sun has to do with it. ` +
	`Why are they lower a week after the full moon?","post_type":"question","tags":["tides","sea"],"metadata":{"course":"tides"}}`)

// trustAll makes the accounts old ones with verified addresses, which have the
// highest limits.
func trustAll(ctx context.Context, database string) error {
	return administer(ctx, database, "UPDATE users SET created_at = now() - interval '400 days', is_verified = true")
}

// raceToPost compares a new post with an insert of its row.
func raceToPost(ctx context.Context, o options, api, bare *target) error {
	tokens, err := tokensOf(ctx, api.base, postAuthors)
	if err != nil {
		return err
	}
	if err := postVisible(ctx, api, tokens[0]); err != nil {
		return err
	}
	token := inTurn(tokens)
	post := func(token string) call {
		return call{http.MethodPost, postsAddress, token, newPost, http.StatusOK}
	}
	lyo := api.contend("Lyo: checks, points, mentions and all, in a transaction", func(int) call { return post(token()) })
	limit := bare.contend("bare Gin and pgx, one row and its triggers", func(int) call { return post("") })
	fmt.Fprintf(o.out, "\n## POST %s\n\n%d authors in turn, daily limits on.\n\n", postsAddress, postAuthors)
	r, err := compete(ctx, o, postClients, limit, lyo)
	if err != nil {
		return err
	}
	r.print(o)
	o.atLeast("a new post beside a bare insert of its row", r.ratio(1), 0.5)
	return lookAt(ctx, o, api, postClients, contender{"POST " + postsAddress + ", 16 clients", lyo.do})
}

// postVisible returns an error unless a new post is visible to others at once.
func postVisible(ctx context.Context, api *target, token string) error {
	status, body, err := send(ctx, vegeta.Target{
		Method: http.MethodPost, URL: api.base + postsAddress, Body: newPost,
		Header: http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}},
	})
	if err != nil {
		return err
	}
	var made barePost
	if err := json.Unmarshal(body, &made); err != nil || status != http.StatusOK || made.Status != "visible" {
		return fmt.Errorf("a new post was answered %d: %.300s", status, body)
	}
	return nil
}
