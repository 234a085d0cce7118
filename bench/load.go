package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// logins are sign-in requests, each of another learner than the last.
type logins struct {
	base string
	sent atomic.Int64
}

// request returns number n, sent by a client at the address. The number is also in
// the URL's fragment, which is never sent but identifies the request in its result.
func (l *logins) request(n int64, address string) vegeta.Target {
	body := fmt.Appendf(nil, `{"email":%q,"password":%q}`, emailOf(int(n)), password)
	return vegeta.Target{
		Method: http.MethodPost, URL: fmt.Sprintf("%s/v1/auth/login#%d", l.base, n), Body: body,
		Header: http.Header{"Content-Type": {"application/json"}, "X-Forwarded-For": {address}},
	}
}

// everywhere sends each from an address of its own.
func (l *logins) everywhere() vegeta.Targeter {
	return func(t *vegeta.Target) error {
		n := l.sent.Add(1)
		*t = l.request(n, addressOf(n))
		return nil
	}
}

// from sends all of them from one address.
func (l *logins) from(address string) vegeta.Targeter {
	return func(t *vegeta.Target) error {
		*t = l.request(l.sent.Add(1), address)
		return nil
	}
}

// addressOf returns an address of 10.0.0.0/8 for each of sixteen million.
func addressOf(n int64) string { return fmt.Sprintf("10.%d.%d.%d", n>>16&255, n>>8&255, n&255) }

// attack sends requests at a rate for a time and waits for every response.
func attack(ctx context.Context, targets vegeta.Targeter, rate int, span time.Duration) ([]vegeta.Result, error) {
	attacker := vegeta.NewAttacker(vegeta.Timeout(40 * time.Second))
	defer context.AfterFunc(ctx, func() { attacker.Stop() })()
	var results []vegeta.Result
	for r := range attacker.Attack(targets, vegeta.Rate{Freq: rate, Per: time.Second}, span, "") {
		results = append(results, *r)
	}
	return results, ctx.Err()
}

// send sends one request, outside of a load.
func send(ctx context.Context, t vegeta.Target) (status int, body []byte, err error) {
	request, err := http.NewRequestWithContext(ctx, t.Method, t.URL, bytes.NewReader(t.Body))
	if err != nil {
		return 0, nil, err
	}
	request.Header = t.Header
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer answer.Body.Close()
	body, err = io.ReadAll(answer.Body)
	return answer.StatusCode, body, err
}

// again returns the request of a result.
func (l *logins) again(r vegeta.Result) (vegeta.Target, error) {
	_, number, _ := strings.Cut(r.URL, "#")
	n, err := strconv.ParseInt(number, 10, 64)
	return l.request(n, addressOf(n)), err
}

// profile signs a learner in and returns the request that they then repeat.
func (l *logins) profile(ctx context.Context) (vegeta.Targeter, error) {
	n := l.sent.Add(1)
	status, body, err := send(ctx, l.request(n, addressOf(n)))
	if err != nil {
		return nil, err
	}
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(body, &pair); err != nil || status != http.StatusOK || pair.AccessToken == "" {
		return nil, errors.Join(fmt.Errorf("the first sign-in was answered %d", status), err)
	}
	return vegeta.NewStaticTargeter(vegeta.Target{
		Method: http.MethodGet, URL: l.base + "/v1/users/me", Header: http.Header{"Authorization": {"Bearer " + pair.AccessToken}},
	}), nil
}
