package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// call is a client's request.
type call struct {
	method, path, token string
	body                []byte // JSON; nil: none
	want                int    // the status of a successful response
}

// contend returns a contender that sends the requests of next, each client one after another on a connection that it keeps.
func (t *target) contend(name string, next func(client int) call) contender {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}}
	return contender{name: name, do: func(ctx context.Context, number int) error {
		c := next(number)
		r, err := http.NewRequestWithContext(ctx, c.method, t.base+c.path, bytes.NewReader(c.body))
		if err != nil {
			return err
		}
		if c.token != "" {
			r.Header.Set("Authorization", "Bearer "+c.token)
		}
		if c.body != nil {
			r.Header.Set("Content-Type", "application/json")
		}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		said, err := io.ReadAll(answer.Body)
		if err == nil && answer.StatusCode != c.want {
			err = fmt.Errorf("%s %s was answered %d: %.300s", c.method, c.path, answer.StatusCode, said)
		}
		return err
	}}
}

// inTurn returns a function that returns the values in turn.
func inTurn[T any](of []T) func() T {
	var next atomic.Int64
	return func() T { return of[int(next.Add(1))%len(of)] }
}

// tokensOf signs in the learners from 1 on, each from an address of their own.
func tokensOf(ctx context.Context, base string, n int) ([]string, error) {
	tokens := make([]string, n)
	l := &logins{base: base}
	var all errgroup.Group
	all.SetLimit(8)
	for i := range tokens {
		all.Go(func() (err error) {
			tokens[i], _, err = signIn(ctx, l, int64(i)+1)
			return err
		})
	}
	return tokens, all.Wait()
}
