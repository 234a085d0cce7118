package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"

	"github.com/google/uuid"
)

const (
	postsAddress = "/v1/community/posts"
	pageOfPosts  = 20
	fewPosts     = 10_000
	postClients  = 32 // concurrent clients, each sends the next request after a response
)

// postSizes are the total numbers of posts, one after another.
var postSizes = []int{fewPosts, 100_000, 1_000_000}

// benchPosts compares a page of posts from Lyo, and a new post, with the least Gin and pgx handler and with
// PocketBase.
func benchPosts(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	if err := errors.Join(enrollAt(ctx, database, quickCost), trustAll(ctx, database), postMuch(ctx, database, 1, fewPosts)); err != nil {
		return err
	}
	s, err := startSystem(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer s.stop()
	token, user, err := signIn(ctx, &logins{base: s.api.base}, 1)
	if err != nil {
		return err
	}
	bare, err := startBare(ctx, "posts", "-database", database, "-viewer", user.String())
	if err != nil {
		return err
	}
	defer bare.stop()
	pocket, stop, err := o.startPocketBase(ctx, fewPosts)
	if err != nil {
		return err
	}
	defer stop()
	list := func(token string) func(int) call {
		return func(int) call { return call{http.MethodGet, postsAddress, token, nil, http.StatusOK} }
	}
	lyo := s.api.contend("Lyo: token, session, limits, who sees what, and all", list(token))
	lyo.processes = s.processes
	p := &postsRace{
		o: o, database: database, api: s.api, lyo: page{s.api.base + postsAddress, token}, limit: page{bare.base + postsAddress, ""},
		of: []contender{bare.counted(o, bare.contend("the least Gin and pgx", list(""))), lyo}, pocket: pocket.list(o),
	}
	if err := p.few(ctx); err != nil {
		return err
	}
	if err := raceToPost(ctx, o, s, bare, pocket); err != nil {
		return err
	}
	return p.grow(ctx)
}

// postsRace compares a page of posts from both.
type postsRace struct {
	o          options
	database   string
	api        *target
	lyo, limit page
	of         []contender
	pocket     contender
	byRows     [2]curve
}

// run compares them with so many clients, after a check that the responses of the least handler and Lyo agree.
func (p *postsRace) run(ctx context.Context, clients int, more ...contender) (race, error) {
	if err := samePage(ctx, p.lyo, p.limit); err != nil {
		return race{}, err
	}
	r, err := compete(ctx, p.o, clients, append(p.of, more...)...)
	if err == nil {
		r.print(p.o)
		fmt.Fprintln(p.o.out)
	}
	return r, err
}

// few lists 20 of few posts, with several numbers of clients.
func (p *postsRace) few(ctx context.Context) error {
	p.o.sectionf("%d of %d posts", pageOfPosts, fewPosts)
	fmt.Fprintf(p.o.out, "GET %s. The answers of the least handler and of Lyo are the same; PocketBase's has the same fields.\n\n", postsAddress)
	var byClients [2]curve
	for _, clients := range []int{4, postClients, 64} {
		r, err := p.run(ctx, clients, p.pocket)
		if err != nil {
			return err
		}
		r.draw(&byClients, float64(clients))
		if clients == postClients {
			r.draw(&p.byRows, fewPosts)
			p.o.atLeast(fmt.Sprintf("%d of %d posts beside the least", pageOfPosts, fewPosts), r.ratio(1), 0.6)
			p.o.atLeast("that beside PocketBase", median(r.rounds, func(laps []lap) float64 { return laps[1].rate() / laps[2].rate() }), 2.5)
			p.o.atMost("p99 of that", r.slower(1), 2, " times the least's")
		}
	}
	if err := lookAt(ctx, p.o, p.api, postClients, contender{name: fmt.Sprintf("GET %s, %d clients", postsAddress, postClients), do: p.of[1].do}); err != nil {
		return err
	}
	return plot(p.o, "posts-clients", chart{title: "20 of 10,000 posts", unit: "answers a second", lines: byClients[:], along: "clients at once"})
}

// grow lists 20 of a growing number of posts.
func (p *postsRace) grow(ctx context.Context) error {
	for i, size := range postSizes[1:] {
		p.o.sectionf("%d of %d posts", pageOfPosts, size)
		if err := postMuch(ctx, p.database, postSizes[i]+1, size); err != nil {
			return err
		}
		r, err := p.run(ctx, postClients)
		if err != nil {
			return err
		}
		r.draw(&p.byRows, float64(size))
	}
	title := fmt.Sprintf("20 of more and more posts, %d clients", postClients)
	return plot(p.o, "posts-growth", chart{title: title, unit: "answers a second", lines: p.byRows[:], along: "posts"})
}

// draw adds the rates of a race of two to their curves.
func (r race) draw(lines *[2]curve, at float64) {
	for i, name := range []string{"the least", "Lyo"} {
		lines[i].name, lines[i].points = name, append(lines[i].points, point{at, r.rate(i)})
	}
}

// postMuch creates the posts of these numbers by SQL, each a minute older than the one before.
func postMuch(ctx context.Context, database string, from, to int) error {
	return fillQuickly(ctx, database, []string{"posts"}, fmt.Sprintf(`
		INSERT INTO posts (id, author_id, title, content, post_type, tags, metadata, likes_count, commenters_count, created_at, updated_at)
		SELECT gen_random_uuid(), u.id, 'How does part ' || n || ' work?', repeat('Words about the tides and the moon. ', 10), 'question',
			jsonb_build_array('tag' || n %% 500, 'sea'), '{"course": "tides"}', n %% 97, n %% 13, now() - n * interval '1 minute', now() - n * interval '1 minute'
		FROM generate_series(%d, %d) n
		JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM users) u ON u.place = n %% %d`, from, to, learners))
}

// signIn signs in learner n.
func signIn(ctx context.Context, l *logins, n int64) (token string, user uuid.UUID, err error) {
	status, body, err := send(ctx, l.request(n, addressOf(n)))
	if err != nil {
		return "", user, err
	}
	var answer struct {
		AccessToken string `json:"access_token"`
		User        struct {
			ID uuid.UUID `json:"id"`
		} `json:"user"`
	}
	if err := json.Unmarshal(body, &answer); err != nil || status != http.StatusOK {
		return "", user, errors.Join(fmt.Errorf("the sign-in was answered %d", status), err)
	}
	return answer.AccessToken, answer.User.ID, nil
}

// page is a request for the first page of posts.
type page struct{ address, token string }

func (p page) get(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s was answered %d", p.address, answer.StatusCode)
	}
	return body, err
}

// samePage returns an error unless both respond with the same posts.
func samePage(ctx context.Context, lyo, limit page) error {
	var posts [2][]map[string]any
	for i, p := range []page{lyo, limit} {
		body, err := p.get(ctx)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(body, &posts[i]); err != nil {
			return err
		}
	}
	if len(posts[0]) != pageOfPosts || !reflect.DeepEqual(posts[0], posts[1]) {
		return errors.New("the two answers are not the same")
	}
	return nil
}
