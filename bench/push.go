package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sideshow/apns2"
	"github.com/sideshow/apns2/token"
	"golang.org/x/net/http2"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

const (
	pushDevices = 10_000
	pushLatency = 20 * time.Millisecond
	pushStreams = 50 // concurrent messages, of both
)

// pushRound is the result of one round. Rates are messages a second.
type pushRound struct {
	bare    float64
	lyo     float64       // from the first message at the provider to its last answer
	whole   time.Duration // from the commit of the broadcast to the end of its task
	repeats int           // messages more than devices
}

// benchPush compares a broadcast with the client library alone.
func benchPush(ctx context.Context, o options) error {
	if o.temporal == "" {
		return errors.New("TEST_TEMPORAL_BIN is not set: run it by make bench")
	}
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	db, err := store.Open(database, store.Pool{MaxOpen: 2})
	if err != nil {
		return err
	}
	defer store.Close(db)
	if err := equip(ctx, db); err != nil {
		return err
	}
	server, err := local.StartTemporal(ctx, local.TemporalOptions{Binary: o.temporal, DBFile: filepath.Join(dir, "temporal.db"), Out: o.errs})
	if err != nil {
		return err
	}
	defer func() { _ = server.Stop(context.WithoutCancel(ctx)) }()
	var rounds []pushRound
	for range o.rounds {
		r, err := measurePush(ctx, o, dir, database, db, server.Address(), false)
		if err != nil {
			return err
		}
		rounds = append(rounds, r)
	}
	reportPush(o, rounds)
	if o.write == "" {
		return nil
	}
	_, err = measurePush(ctx, o, dir, database, db, server.Address(), true)
	return err
}

// equip gives an administrator and two thousand users five devices each.
func equip(ctx context.Context, db *gorm.DB) error {
	db = db.WithContext(ctx)
	err := db.Exec(`INSERT INTO users (id, email, full_name, password_hash, created_at, updated_at)
		SELECT gen_random_uuid(), 'u' || i || '@example.com', 'Somebody', '-', now(), now() FROM generate_series(1, ?) i`, pushDevices/5).Error
	if err != nil {
		return err
	}
	err = db.Exec(`INSERT INTO devices (id, user_id, token, token_hash, platform, environment, created_at, last_used_at)
		SELECT gen_random_uuid(), u.id, v.token, sha256(v.token::bytea), 'ios', 'production', now(), now()
		FROM users u CROSS JOIN generate_series(1, 5) j CROSS JOIN LATERAL (SELECT md5(u.id::text || j) || md5(j || u.id::text) AS token) v`).Error
	if err != nil {
		return err
	}
	err = db.Exec(`INSERT INTO push_preferences (user_id, course_ready, achievements, community, reminders, marketing, updated_at)
		SELECT id, true, true, true, true, true, now() FROM users`).Error
	if err != nil {
		return err
	}
	return db.Exec("ANALYZE").Error
}

// measurePush runs one round; a profiled one is not a measurement.
func measurePush(ctx context.Context, o options, dir, database string, db *gorm.DB, temporal string, profiled bool) (r pushRound, err error) {
	if r.bare, err = barePushes(ctx, db); err != nil {
		return r, fmt.Errorf("bare calls: %w", err)
	}
	apns, err := pushtest.StartAPNs(pushLatency)
	if err != nil {
		return r, err
	}
	defer apns.Close()
	seen, profiles, err := profiling()
	if err != nil {
		return r, err
	}
	worker, err := startWorker(ctx, o, dir, append(pushEnviron(o, dir, database, temporal, apns), seen...))
	if err != nil {
		return r, err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), 15*time.Second)
		defer cancel()
		_ = worker.Stop(stopping)
	}()
	if profiled {
		return r, lookAtBroadcast(ctx, o, db, &target{process: worker, profiles: profiles}, apns)
	}
	began := time.Now()
	if err := broadcastOnce(ctx, db); err != nil {
		return r, err
	}
	r.whole, r.lyo, r.repeats = time.Since(began), pushDevices/apns.Span().Seconds(), apns.Asked()-pushDevices
	if got := len(apns.Accepted()); got != pushDevices {
		return r, fmt.Errorf("%d of %d devices got the push", got, pushDevices)
	}
	return r, nil
}

// lookAtBroadcast profiles the worker from the first message on.
func lookAtBroadcast(ctx context.Context, o options, db *gorm.DB, worker *target, apns *pushtest.APNs) error {
	var broadcast errgroup.Group
	broadcast.Go(func() error { return broadcastOnce(ctx, db) })
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for apns.Asked() == 0 {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return look(ctx, o, worker, "The worker during a broadcast", func(context.Context) error { return broadcast.Wait() })
}

// barePushes calls the library with as many concurrent messages, and nothing else.
func barePushes(ctx context.Context, db *gorm.DB) (float64, error) {
	apns, err := pushtest.StartAPNs(pushLatency)
	if err != nil {
		return 0, err
	}
	defer apns.Close()
	key, err := token.AuthKeyFromBytes([]byte(apns.Key()))
	if err != nil {
		return 0, err
	}
	client := apns2.NewTokenClient(&token.Token{AuthKey: key, KeyID: pushtest.KeyID, TeamID: pushtest.TeamID})
	transport := &http2.Transport{TLSClientConfig: apns.TLS(), StrictMaxConcurrentStreams: true}
	client.Host, client.HTTPClient.Transport = apns.URL(), transport
	defer client.CloseIdleConnections()
	var tokens []string
	if err := db.WithContext(ctx).Raw("SELECT token FROM devices").Scan(&tokens).Error; err != nil {
		return 0, err
	}
	var all errgroup.Group
	all.SetLimit(pushStreams)
	for _, device := range tokens {
		all.Go(func() error {
			answer, err := client.PushWithContext(ctx, &apns2.Notification{
				DeviceToken: device, Topic: pushtest.Topic, Payload: []byte(`{"aps":{"alert":{"title":"News","body":"For everyone"}}}`),
			})
			if err == nil && !answer.Sent() {
				err = errors.New(answer.Reason)
			}
			return err
		})
	}
	err = all.Wait()
	return float64(len(tokens)) / apns.Span().Seconds(), err
}

// startWorker runs `lyo worker`.
func startWorker(ctx context.Context, o options, dir string, environ []string) (*local.Process, error) {
	program, err := build(ctx, o, dir)
	if err != nil {
		return nil, err
	}
	return local.Start(local.Spec{Name: "worker", Path: program, Args: []string{"worker"}, Env: environ})
}

func pushEnviron(o options, dir, database, temporal string, apns *pushtest.APNs) []string {
	roots := filepath.Join(dir, "roots.pem")
	_ = os.WriteFile(roots, apns.Certificate(), 0o600) // the worker reports if it is missing
	return []string{
		"HOME=" + dir, "LYO_STATE_DIR=" + dir, "DATABASE_URL=" + database, "REDIS_URL=" + o.redis, "TEMPORAL_ADDRESS=" + temporal,
		"LYO_GEMMA_FALLBACK=on", "LYO_SOURCES=none", "LYO_LOG_LEVEL=warn", "LYO_STOP_WITHIN=10s", "SSL_CERT_FILE=" + roots,
		"LYO_APNS_KEY=" + apns.Key(), "LYO_APNS_KEY_ID=" + pushtest.KeyID, "LYO_APNS_TEAM_ID=" + pushtest.TeamID,
		"LYO_APNS_TOPIC=" + pushtest.Topic, "LYO_APNS_URL=" + apns.URL(), fmt.Sprintf("LYO_APNS_STREAMS=%d", pushStreams),
	}
}

// broadcastOnce commits a broadcast to everyone, as the API does, and waits for its task.
func broadcastOnce(ctx context.Context, db *gorm.DB) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	var admin accounts.User
	if err := db.WithContext(ctx).Order("id").First(&admin).Error; err != nil {
		return err
	}
	id, result := courses.GenerationIDs(admin.ID, nil)
	task := tasks.NewTask(id, admin.ID, result, now)
	task.TaskType, task.WorkflowID, task.RequestHash = tasks.TaskPushBroadcast, workflows.BroadcastID(id), make([]byte, 32)
	task.Spec = tasks.TaskSpec{Everyone: true}
	b := notify.Broadcast{ID: result, Title: "News", Body: "For everyone", Everyone: true, CreatedAt: now}
	message := outbox.Broadcast(task, now)
	message.DueAt = now
	entry := store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditBroadcast, Via: store.AuditCommandLine}
	if _, _, err := notify.CreateBroadcast(ctx, db, task, b, nil, message, entry); err != nil {
		return err
	}
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		row, err := tasks.FindTask(ctx, db, admin.ID, id)
		switch {
		case err != nil:
			return err
		case row.State == tasks.TaskError:
			return errors.New(row.Fault.Message)
		case row.State == tasks.TaskDone && row.Result["accepted"] != pushDevices:
			return fmt.Errorf("the task ended with %v", row.Result)
		case row.State == tasks.TaskDone:
			return nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func reportPush(o options, rounds []pushRound) {
	w := o.out
	fmt.Fprintf(w, "%d devices, a provider that takes %v, %d messages under way, receipts in Postgres. Medians of %d rounds; the ratio is of each round.\n\n",
		pushDevices, pushLatency, pushStreams, len(rounds))
	fmt.Fprintf(w, "| | messages a second |\n| --- | ---: |\n")
	fmt.Fprintf(w, "| bare apns2 calls | %.0f |\n", median(rounds, func(r pushRound) float64 { return r.bare }))
	fmt.Fprintf(w, "| Lyo, at the provider | %.0f |\n", median(rounds, func(r pushRound) float64 { return r.lyo }))
	ratio := median(rounds, func(r pushRound) float64 { return r.lyo / r.bare })
	fmt.Fprintf(w, "| Lyo to bare | %.2f |\n", ratio)
	o.atLeast("messages beside bare apns2", ratio, 0.8)
	fmt.Fprintf(w, "\nFrom the commit to the end of the task %v; %d messages more than devices in all rounds.\n",
		rounded(median(rounds, func(r pushRound) time.Duration { return r.whole })), total(rounds, func(r pushRound) int { return r.repeats }))
}
