package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"golang.org/x/sync/errgroup"
)

const (
	socketCount = 1000
	burstEvents = 50
	pacedEvents = 20
	pacedEvery  = 250 * time.Millisecond
)

// audience are open sockets and what they received.
type audience struct {
	conns []*websocket.Conn
	mu    sync.Mutex
	heard int
	took  []time.Duration // from an event at the hub to its arrival
	goal  int
	met   chan struct{} // closed when goal messages have arrived
	all   sync.WaitGroup
}

// sit opens so many sockets. path returns each one's address and header.
func sit(ctx context.Context, n int, path func(i int) (string, http.Header)) (*audience, error) {
	a := &audience{conns: make([]*websocket.Conn, n)}
	var all errgroup.Group
	all.SetLimit(32)
	for i := range n {
		all.Go(func() error {
			address, header := path(i)
			conn, answer, err := websocket.Dial(ctx, address, &websocket.DialOptions{HTTPHeader: header})
			if err != nil {
				return fmt.Errorf("socket %d: %w", i, err)
			}
			if answer.Body != nil {
				_ = answer.Body.Close()
			}
			a.conns[i] = conn
			a.all.Go(func() { a.listen(ctx, conn) })
			return nil
		})
	}
	return a, all.Wait()
}

func (a *audience) leave() {
	for _, conn := range a.conns {
		if conn != nil {
			_ = conn.CloseNow()
		}
	}
	a.all.Wait()
}

func (a *audience) listen(ctx context.Context, conn *websocket.Conn) {
	conn.SetReadLimit(1 << 20)
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			return
		}
		now := time.Now().UnixNano()
		rest, ok := bytes.CutPrefix(text, []byte(`{"at":`))
		if !ok {
			continue
		}
		digits, _, _ := bytes.Cut(rest, []byte(","))
		at, err := strconv.ParseInt(string(digits), 10, 64)
		if err == nil {
			a.hear(time.Duration(now - at))
		}
	}
}

func (a *audience) hear(took time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard++
	a.took = append(a.took, took)
	if a.met != nil && a.heard == a.goal {
		close(a.met)
		a.met = nil
	}
}

// expect resets the counts and waits for so many messages from now on.
func (a *audience) expect(n int) <-chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.heard, a.took, a.goal, a.met = 0, nil, n, make(chan struct{})
	return a.met
}

// heardSince returns how many arrived since expect, and how long each took.
func (a *audience) heardSince() (int, []time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.heard, a.took
}

// fanOut is the result of one hub in one round.
type fanOut struct {
	rate  float64 // messages a second of a burst
	paced []time.Duration
}

// benchSockets measures how events reach a thousand sockets, and the cost of an idle one.
func benchSockets(ctx context.Context, o options) error {
	names := []string{"hub", "lyo's hub"}
	rounds := make([][2]fanOut, o.rounds)
	for i, name := range names {
		t, err := startBare(ctx, name)
		if err != nil {
			return err
		}
		if i == 1 {
			t.profiles = t.base
		}
		err = o.fanOutOf(ctx, t, func(round int, f fanOut) { rounds[round][i] = f })
		t.stop()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	o.printFanOut(rounds)
	rate := func(i int) float64 { return median(rounds, func(r [2]fanOut) float64 { return r[i].rate }) }
	err := plot(o, "sockets", chart{title: "A burst to 1,000 sockets", unit: "messages a second", bars: []bar{{"bare hub", rate(0)}, {"Lyo's hub", rate(1)}}})
	if err != nil {
		return err
	}
	return benchIdleSockets(ctx, o)
}

func (o options) fanOutOf(ctx context.Context, t *target, note func(int, fanOut)) error {
	address := "ws" + strings.TrimPrefix(t.base, "http") + "/ws"
	a, err := sit(ctx, socketCount, func(int) (string, http.Header) { return address, nil })
	if err != nil {
		return err
	}
	defer a.leave()
	if err := t.awaitSeated(ctx, socketCount); err != nil {
		return err
	}
	if _, err := o.burst(ctx, t, a); err != nil { // warm-up
		return err
	}
	for round := range o.rounds {
		var f fanOut
		if f.rate, err = o.burst(ctx, t, a); err != nil {
			return err
		}
		if f.paced, err = o.paced(ctx, t, a); err != nil {
			return err
		}
		note(round, f)
	}
	return look(ctx, o, t, "Lyo's hub, burst after burst", func(ctx context.Context) error {
		for began := time.Now(); time.Since(began) < o.lookFor(); {
			if _, err := o.burst(ctx, t, a); err != nil {
				return err
			}
		}
		return nil
	})
}

// awaitSeated waits until a hub has registered so many sockets: a client learns of its
// socket a little before that.
func (t *target) awaitSeated(ctx context.Context, n int) error {
	waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	ticker := time.NewTicker(4 * hubPoll)
	defer ticker.Stop()
	for {
		_, body, err := send(waiting, vegetaGet(t.base+"/seated"))
		if err != nil {
			return err
		}
		select {
		case <-ticker.C: // once more after the last one arrived
		case <-waiting.Done():
			return waiting.Err()
		}
		if string(body) == strconv.Itoa(n) {
			return nil
		}
	}
}

// burst publishes many events at once and waits until all sockets have all of them.
// The time counts from the hub's receipt.
func (o options) burst(ctx context.Context, t *target, a *audience) (float64, error) {
	met := a.expect(burstEvents * socketCount)
	if err := t.publish(ctx, burstEvents); err != nil {
		return 0, err
	}
	if err := await(ctx, met, a); err != nil {
		return 0, err
	}
	n, took := a.heardSince()
	return float64(n) / percentile(took, 100).Seconds(), nil
}

// paced publishes one event after another, each on schedule.
func (o options) paced(ctx context.Context, t *target, a *audience) ([]time.Duration, error) {
	met := a.expect(pacedEvents * socketCount)
	ticker := time.NewTicker(pacedEvery)
	defer ticker.Stop()
	for range pacedEvents {
		if err := t.publish(ctx, 1); err != nil {
			return nil, err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if err := await(ctx, met, a); err != nil {
		return nil, err
	}
	_, took := a.heardSince()
	return took, nil
}

func await(ctx context.Context, met <-chan struct{}, a *audience) error {
	select {
	case <-met:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Minute):
		n, _ := a.heardSince()
		return fmt.Errorf("only %d messages came within a minute", n)
	}
}

func (t *target) publish(ctx context.Context, n int) error {
	status, _, err := send(ctx, vegeta.Target{Method: "POST", URL: fmt.Sprintf("%s/publish?n=%d", t.base, n)})
	if err == nil && status != http.StatusNoContent {
		return fmt.Errorf("publishing was answered %d", status)
	}
	return err
}

func (o options) printFanOut(rounds [][2]fanOut) {
	fmt.Fprintf(o.out, "Medians of %d rounds. A burst is %d events to %d sockets at once; paced is an event every %v. Each hub has a process of its own, and so have its clients.\n\n",
		len(rounds), burstEvents, socketCount, pacedEvery)
	fmt.Fprint(o.out, "| | messages a second of a burst | ratio | paced: p50 | p99 | p99 to the limit's |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")
	for i, name := range []string{"bare hub", "Lyo's hub"} {
		at := func(percent float64) time.Duration {
			return median(rounds, func(r [2]fanOut) time.Duration { return percentile(r[i].paced, percent) })
		}
		fmt.Fprintf(o.out, "| %s | %s | %.2f | %v | %v | %.2f |\n", name, figure(median(rounds, func(r [2]fanOut) float64 { return r[i].rate })),
			median(rounds, func(r [2]fanOut) float64 { return r[i].rate / r[0].rate }), rounded(at(50)), rounded(at(99)),
			median(rounds, slowerPaced(i)))
	}
	o.atLeast("a burst beside a bare hub", median(rounds, func(r [2]fanOut) float64 { return r[1].rate / r[0].rate }), 0.8)
	o.atMost("p99 of paced events", median(rounds, slowerPaced(1)), 1.25, " times the bare hub's")
}

// slowerPaced returns a hub's p99 of paced events relative to the bare one's.
func slowerPaced(hub int) func([2]fanOut) float64 {
	return func(r [2]fanOut) float64 {
		return float64(percentile(r[hub].paced, 99)) / float64(percentile(r[0].paced, 99))
	}
}

// encode returns JSON of a value that cannot fail.
func encode(v any) []byte {
	text, _ := json.Marshal(v) //nolint:errchkjson // plain structs of ours
	return text
}

// benchIdleSockets opens a thousand sockets at the real API, ten for each of a hundred
// learners with waiting courses, and measures its growth.
func benchIdleSockets(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	api, err := startAPI(ctx, o, dir, database, "LYO_BCRYPT_COST=4", "LYO_RATE_LIMITS=off")
	if err != nil {
		return err
	}
	defer api.stop()
	pupils, err := api.pupils(ctx, socketCount/10)
	if err != nil {
		return err
	}
	before, err := memoryOf(ctx, api.process)
	if err != nil {
		return err
	}
	a, err := sit(ctx, socketCount, func(i int) (string, http.Header) {
		p := pupils[i/10]
		return "ws" + strings.TrimPrefix(api.base, "http") + "/v1/tasks/ws/" + p.task, http.Header{"Authorization": {"Bearer " + p.token}}
	})
	if err != nil {
		return err
	}
	defer a.leave()
	select {
	case <-time.After(o.idle()):
	case <-ctx.Done():
		return ctx.Err()
	}
	after, err := memoryOf(ctx, api.process)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "\n| %d idle sockets at `lyo api` | measured | aim |\n| --- | ---: | ---: |\n", socketCount)
	fmt.Fprintf(o.out, "| resident memory before, with | %.1f MB, %.1f MB | |\n", megabytes(before.resident), megabytes(after.resident))
	each := (float64(after.resident) - float64(before.resident)) / 1000 / socketCount
	fmt.Fprintf(o.out, "| a socket | %.1f kB | 40 kB |\n", each)
	o.atMost("an idle socket", each, 40, " kB")
	return nil
}

// pupil is a learner with a waiting course.
type pupil struct{ token, task string }

func (t *target) pupils(ctx context.Context, n int) ([]pupil, error) {
	all := make([]pupil, n)
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		group.Go(func() (err error) {
			all[i].token, err = t.enter(ctx, i)
			if err == nil {
				all[i].task, err = t.order(ctx, all[i].token, "How tides work")
			}
			return err
		})
	}
	return all, group.Wait()
}

// enter registers learner i and returns their token.
func (t *target) enter(ctx context.Context, i int) (string, error) {
	body := fmt.Appendf(nil, `{"email":"pupil%d@example.com","password":%q,"full_name":"Ada"}`, i, password)
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	err := t.post(ctx, "/v1/auth/register", "", body, http.StatusCreated, &pair)
	return pair.AccessToken, err
}

// order requests a course and returns its task.
func (t *target) order(ctx context.Context, token, topic string) (string, error) {
	var made struct {
		TaskID string `json:"task_id"`
	}
	err := t.post(ctx, "/v1/courses/generate", token, fmt.Appendf(nil, `{"topic":%q}`, topic), http.StatusAccepted, &made)
	return made.TaskID, err
}

// post sends JSON and reads the response, which must have the status.
func (t *target) post(ctx context.Context, path, token string, body []byte, want int, into any) error {
	header := http.Header{"Content-Type": {"application/json"}}
	if token != "" {
		header.Set("Authorization", "Bearer "+token)
	}
	status, text, err := send(ctx, vegeta.Target{Method: "POST", URL: t.base + path, Body: body, Header: header})
	if err != nil {
		return err
	}
	if status != want {
		return fmt.Errorf("POST %s was answered %d: %s", path, status, text)
	}
	return json.Unmarshal(text, into)
}
