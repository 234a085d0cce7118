package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/crypto/bcrypt"

	"github.com/lyoapp/lyo/models/store"
)

// feedsASecond is the rate of feed requests.
const feedsASecond = 5

// feedTimes prints how long the feed of a user with a history takes, first page and next, beside a
// bare handler that sends a body of the same bytes.
func feedTimes(ctx context.Context, o options, database string, t *dataset) error {
	dir, err := os.MkdirTemp("", "lyo-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	person := t.people[0].id
	if err := setPassword(ctx, database, person.String()+"@example.com"); err != nil {
		return err
	}
	api, err := startAPI(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer api.stop()
	token, err := tokenOf(ctx, api.base, person.String()+"@example.com")
	if err != nil {
		return err
	}
	header := http.Header{"Authorization": {"Bearer " + token}}
	first := vegeta.Target{Method: http.MethodGet, URL: api.base + "/v1/feeds/?limit=20", Header: header}
	body, next, err := readPage(ctx, first)
	if err != nil {
		return err
	}
	second := vegeta.Target{Method: http.MethodGet, URL: first.URL + "&cursor=" + next, Header: header}
	nextBody, _, err := readPage(ctx, second)
	if err != nil {
		return err
	}
	bare, stop, err := bareHandler(ctx, body)
	if err != nil {
		return err
	}
	defer stop()
	targets := []struct {
		name   string
		target vegeta.Target
	}{
		{fmt.Sprintf("a bare handler of the same %d bytes", len(body)), vegeta.Target{Method: http.MethodGet, URL: bare, Header: header}},
		{"the first page of the personalized feed", first},
		{"the next page", second},
	}
	fmt.Fprintf(o.out, "\n## An open load of feeds\n\n| %d a second, %v each | p50 | p99 | p99 to bare |\n| --- | ---: | ---: | ---: |\n", feedsASecond, o.quiet())
	var base time.Duration
	for i, one := range targets {
		took, err := feedLatencies(ctx, o, one.target)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		p99 := percentile(took, 99)
		if i == 0 {
			base = p99
		}
		fmt.Fprintf(o.out, "| %s | %v | %v | %.1f |\n", one.name, rounded(percentile(took, 50)), rounded(p99), float64(p99)/float64(base))
	}
	path := func(t vegeta.Target) string { return strings.TrimPrefix(t.URL, api.base) }
	return raceFeeds(ctx, o, dir, database, api, person, feedAsked{[2]string{path(first), path(second)}, [2][]byte{body, nextBody}, token})
}

// feedLatencies requests a target at the rate of feeds and returns how long each answer took.
func feedLatencies(ctx context.Context, o options, target vegeta.Target) ([]time.Duration, error) {
	results, err := attack(ctx, vegeta.NewStaticTargeter(target), feedsASecond, o.quiet())
	if err != nil {
		return nil, err
	}
	took := make([]time.Duration, len(results))
	for n, r := range results {
		if r.Code != http.StatusOK {
			return nil, fmt.Errorf("answered %d %s", r.Code, r.Error)
		}
		took[n] = r.Latency
	}
	return took, nil
}

func setPassword(ctx context.Context, database, email string) error {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	if err != nil {
		return err
	}
	db, err := store.Open(database, store.Pool{MaxOpen: 1})
	if err != nil {
		return err
	}
	defer store.Close(db)
	return db.WithContext(ctx).Exec("UPDATE users SET password_hash = ? WHERE email = ?", string(hash), email).Error
}

func tokenOf(ctx context.Context, base, email string) (string, error) {
	status, body, err := send(ctx, vegeta.Target{
		Method: http.MethodPost, URL: base + "/v1/auth/login", Body: fmt.Appendf(nil, `{"email":%q,"password":%q}`, email, password),
		Header: http.Header{"Content-Type": {"application/json"}},
	})
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err == nil {
		err = json.Unmarshal(body, &pair)
	}
	if err == nil && pair.AccessToken == "" {
		err = fmt.Errorf("the sign-in was answered %d", status)
	}
	return pair.AccessToken, err
}

func readPage(ctx context.Context, t vegeta.Target) (body []byte, next string, err error) {
	status, body, err := send(ctx, t)
	if err != nil {
		return nil, "", err
	}
	var page struct {
		NextCursor string `json:"next_cursor"`
	}
	if err := json.Unmarshal(body, &page); err != nil || page.NextCursor == "" {
		return nil, "", errors.Join(fmt.Errorf("the feed was answered %d without a next page", status), err)
	}
	return body, page.NextCursor, nil
}

// bareHandler serves a fixed body for every request.
func bareHandler(ctx context.Context, body []byte) (address string, stop func(), err error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(body)
	})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), func() {
		_ = server.Close()
		<-done
	}, nil
}
