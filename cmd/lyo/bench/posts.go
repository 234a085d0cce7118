package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const (
	postsAddress = "/v1/community/posts"
	pageOfPosts  = 20
	manyPosts    = 100_000
	postClients  = 16 // at once, each asks again as soon as it has its answer
)

// benchPosts compares a page of 100,000 posts from Lyo with the same page from a bare
// Gin and pgx handler, turn by turn.
func benchPosts(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "lyo-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	database, drop, err := newDatabase(ctx, o.database)
	if err != nil {
		return err
	}
	defer func() {
		if err := drop(); err != nil {
			fmt.Fprintln(o.errs, "bench: the database stays behind:", err)
		}
	}()
	if err := errors.Join(enroll(ctx, database), postMuch(ctx, database)); err != nil {
		return err
	}
	api, err := startAPI(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer api.stop()
	token, user, err := signIn(ctx, api.base)
	if err != nil {
		return err
	}
	bare, err := startBare(ctx, "posts", "-database", database, "-viewer", user.String())
	if err != nil {
		return err
	}
	defer bare.stop()
	lyo, limit := page{api.base + postsAddress, token}, page{bare.base + postsAddress, ""}
	if err := samePage(ctx, lyo, limit); err != nil {
		return err
	}
	return comparePages(ctx, o, lyo, limit)
}

// postMuch fills the tables by SQL.
func postMuch(ctx context.Context, database string) error {
	return administer(ctx, database, fmt.Sprintf(`
		INSERT INTO posts (id, author_id, title, content, post_type, tags, metadata, likes_count, commenters_count, created_at, updated_at)
		SELECT gen_random_uuid(), u.id, 'How does part ' || n || ' work?', repeat('Words about the tides and the moon. ', 10), 'question',
			jsonb_build_array('tag' || n %% 500, 'sea'), '{"course": "tides"}', n %% 97, n %% 13, now() - n * interval '1 minute', now() - n * interval '1 minute'
		FROM generate_series(1, %d) n
		JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM users) u ON u.place = n %% %d;
		ANALYZE posts`, manyPosts, learners))
}

func signIn(ctx context.Context, base string) (token string, user uuid.UUID, err error) {
	l := &logins{base: base}
	status, body, err := send(ctx, l.request(1, addressOf(1)))
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

func (p page) get(ctx context.Context, client *http.Client) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.address, nil)
	if err != nil {
		return nil, err
	}
	if p.token != "" {
		request.Header.Set("Authorization", "Bearer "+p.token)
	}
	answer, err := client.Do(request)
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

// samePage is an error unless both answer with the same posts.
func samePage(ctx context.Context, lyo, limit page) error {
	var posts [2][]map[string]any
	for i, p := range []page{lyo, limit} {
		body, err := p.get(ctx, plainClient())
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

// plainClient asks for no compression, which the bare handler has not.
func plainClient() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableCompression: true, MaxIdleConnsPerHost: postClients}, Timeout: 30 * time.Second}
}

// pace is what one of the two did in a turn.
type pace struct {
	rate float64 // answers a second
	took []time.Duration
}

func (p page) pace(ctx context.Context, span time.Duration) (pace, error) {
	client := plainClient()
	defer client.CloseIdleConnections()
	var answers atomic.Int64
	times := make([][]time.Duration, postClients)
	var all errgroup.Group
	begun := time.Now()
	for i := range times {
		all.Go(func() error {
			for time.Since(begun) < span {
				asked := time.Now()
				if _, err := p.get(ctx, client); err != nil {
					return err
				}
				times[i] = append(times[i], time.Since(asked))
				answers.Add(1)
			}
			return nil
		})
	}
	err := all.Wait()
	return pace{float64(answers.Load()) / time.Since(begun).Seconds(), slices.Concat(times...)}, err
}

// comparePages takes turns, so that what others do on the machine hits both.
func comparePages(ctx context.Context, o options, lyo, limit page) error {
	span := max(o.storm/12, 2*time.Second)
	for _, p := range []page{lyo, limit} {
		if _, err := p.pace(ctx, span/2); err != nil { // warm
			return err
		}
	}
	var lyos, limits []pace
	var ratios []float64
	for range max(o.rounds, 1) * 2 {
		a, err := lyo.pace(ctx, span)
		if err != nil {
			return err
		}
		b, err := limit.pace(ctx, span)
		if err != nil {
			return err
		}
		lyos, limits, ratios = append(lyos, a), append(limits, b), append(ratios, a.rate/b.rate)
	}
	fmt.Fprintf(o.out, "20 of %d posts, %d clients at once, medians of %d turns of %v. Both answers are the same.\n\n", manyPosts, postClients, len(ratios), span)
	fmt.Fprintf(o.out, "| GET %s | answers a second | p50 | p99 |\n| --- | ---: | ---: | ---: |\n", postsAddress)
	printPace(o.out, "Lyo: token, session, limits, document and all", lyos)
	printPace(o.out, "a bare Gin and pgx handler with the same query", limits)
	slices.Sort(ratios)
	fmt.Fprintf(o.out, "\nLyo to bare, by turns: median %.2f, from %.2f to %.2f.\n", ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
	return nil
}

func printPace(w io.Writer, name string, paces []pace) {
	rates := make([]float64, 0, len(paces))
	var took []time.Duration
	for _, p := range paces {
		rates, took = append(rates, p.rate), append(took, p.took...)
	}
	slices.Sort(rates)
	fmt.Fprintf(w, "| %s | %.0f | %v | %v |\n", name, rates[len(rates)/2], rounded(percentile(took, 50)), rounded(percentile(took, 99)))
}
