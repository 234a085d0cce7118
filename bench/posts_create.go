package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// postAuthors is how many learners post in turn: each has a daily limit.
const postAuthors = 400

const (
	pocketAddress = "/api/collections/posts/records"
	pocketList    = pocketAddress + "?perPage=20&sort=-created&expand=author&skipTotal=1"
)

// newPost is the body of a new post.
var newPost = []byte(`{"title":"How do neap tides work?","content":"Words about the tides and the moon, and what the sun has to do with it. ` +
	`Why are they lower a week after the full moon?","post_type":"question","tags":["tides","sea"],"metadata":{"course":"tides"}}`)

// trustAll makes the accounts old ones with verified addresses, which have the
// highest limits.
func trustAll(ctx context.Context, database string) error {
	return administer(ctx, database, "UPDATE users SET created_at = now() - interval '400 days', is_verified = true")
}

// pocketBase is a running PocketBase with its authors.
type pocketBase struct {
	*peer
	authors []string          // their ids
	tokens  map[string]string // by id
}

// startPocketBase starts one with so many posts.
func (o options) startPocketBase(ctx context.Context, posts int) (*pocketBase, func(), error) {
	started, stop, err := o.startPeer(ctx, "pocketbase", "-posts", fmt.Sprint(posts))
	if err != nil {
		return nil, nil, err
	}
	p := &pocketBase{peer: started}
	if err := p.read(ctx, "/bench/tokens", &p.tokens); err != nil {
		stop()
		return nil, nil, err
	}
	p.authors = slices.Sorted(maps.Keys(p.tokens))
	return p, stop, nil
}

// list reads the newest posts with their authors.
func (p *pocketBase) list(o options) contender {
	author := inTurn(p.authors)
	return p.counted(o, p.contend("PocketBase", func(int) call { return call{http.MethodGet, pocketList, p.tokens[author()], nil, http.StatusOK} }))
}

// create makes posts of the authors in turn.
func (p *pocketBase) create(o options) contender {
	author := inTurn(p.authors)
	return p.counted(o, p.contend("PocketBase: a record", func(int) call {
		by := author()
		body := fmt.Appendf(nil, `{"author":%q,"status":"visible",%s`, by, newPost[1:])
		return call{http.MethodPost, pocketAddress, p.tokens[by], body, http.StatusOK}
	}))
}

// raceToPost compares a new post, and what follows it, with a record of PocketBase and with an insert of its row.
func raceToPost(ctx context.Context, o options, s *system, bare *target, pocket *pocketBase) error {
	tokens, err := tokensOf(ctx, s.api.base, postAuthors)
	if err != nil {
		return err
	}
	if err := postVisible(ctx, s.api, tokens[0]); err != nil {
		return err
	}
	token := inTurn(tokens)
	post := func(token string) call {
		return call{http.MethodPost, postsAddress, token, newPost, http.StatusOK}
	}
	lyo := s.contend("Lyo: checks, points, mentions and what follows", func(int) call { return post(token()) })
	limit := bare.counted(o, bare.contend("bare Gin and pgx, one row and its triggers", func(int) call { return post("") }))
	o.sectionf("A new post")
	fmt.Fprintf(o.out, "POST %s, %d authors in turn, daily limits on. PocketBase's SQLite does not wait for the disk at each commit (synchronous NORMAL), as it comes. ", postsAddress, postAuthors)
	r, err := competeFor(ctx, o, o.quiet(), postClients, pocket.create(o), limit, lyo)
	if err != nil {
		return err
	}
	r.print(o)
	o.atLeast("a new post sustained beside PocketBase", r.settled(2), 0.8)
	o.atMost("CPU time of a new post", r.cost(2), 2, " ms")
	return lookAt(ctx, o, s.api, postClients, contender{name: fmt.Sprintf("POST %s, %d clients", postsAddress, postClients), do: lyo.do})
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
