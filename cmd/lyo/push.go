package main

import (
	"context"
	"errors"
	"net/http"

	"go.temporal.io/sdk/worker"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/notify"
)

// pushing returns the push activities of this process.
func (a *app) pushing(ctx context.Context) (*activities.PushActivities, error) {
	c := a.cfg.Push
	vapid, err := c.VAPID()
	if err != nil {
		return nil, err
	}
	sender, err := push.New(ctx, push.Options{
		Apple: push.Apple{
			Key: c.APNSKey.Reveal(), KeyID: c.APNSKeyID, TeamID: c.APNSTeamID, Topic: c.APNSTopic, URL: c.APNSURL,
			Streams: c.APNSStreams, PingAfter: c.APNSPingAfter,
		},
		Google: push.Google{Credentials: c.FCMCredentials.Reveal(), URL: c.FCMURL, Parallel: c.FCMParallel},
		Web: push.VAPID{
			Key: vapid.Private.Reveal(), PublicKey: vapid.Public, Subject: c.WebPushSubject, URL: c.WebPushURL, Parallel: c.WebPushParallel,
			Client: a.browserClient(), Refuses: func(err error) bool { return errors.Is(err, guard.ErrRefused) },
		},
		Seen: func(platform string, verdict push.Verdict) {
			a.metrics.Push(platform, string(verdict))
		},
		PerSecond: c.PerSecond, Timeout: c.Timeout, Clock: clock, Log: a.log,
	})
	if err != nil {
		return nil, err
	}
	a.introduce(ctx, sender.AllCredentials())
	return &activities.PushActivities{DB: a.db, Locks: a.locks, Clock: clock, Sender: sender, DailyCap: c.DailyCap}, nil
}

// mostAnswer bounds the bytes read of a push service's response, of which only the status is used.
const mostAnswer = 64 << 10

// browserClient returns the client for push endpoints, which browsers name and which are not trusted:
// it connects to public addresses only. LYO_WEBPUSH_URL is set by the operator and may be internal.
func (a *app) browserClient() *http.Client {
	if a.cfg.Push.WebPushURL != "" {
		return &http.Client{}
	}
	return guard.Client(guard.Options{HTTPSOnly: true, UserAgent: "Lyo/" + version(), Timeout: a.cfg.Push.Timeout, MaxBytes: mostAnswer})
}

// introduce records the current credentials, so that health reports on them. Otherwise health would
// report on the previous ones until the first push.
func (a *app) introduce(ctx context.Context, all []push.Credentials) {
	keys := make([]notify.PushCredentialKey, 0, len(all))
	for _, c := range all {
		keys = append(keys, notify.PushCredentialKey(c))
	}
	if err := notify.UsePushCredentials(ctx, a.db, keys, clock()); err != nil {
		a.log.WarnContext(ctx, "the credentials of pushes could not be noted", "error", err)
	}
}

// stoppedPushes returns the providers in use to which sending is stopped.
func (a *app) stoppedPushes(ctx context.Context) (map[string]bool, error) {
	stopped := map[string]bool{}
	found, err := notify.StoppedPushes(ctx, a.db)
	for _, c := range found {
		if a.cfg.Push.Uses(c.Provider) {
			stopped[c.Provider] = true
		}
	}
	return stopped, err
}

// Limits of the push queue, over all workers and in each. An activity has up to a hundred messages
// in flight and uses two database connections.
const (
	pushesASecond = 200
	pushesAtOnce  = 6
)

func pushOptions(base worker.Options) worker.Options {
	base.TaskQueueActivitiesPerSecond = pushesASecond
	base.MaxConcurrentActivityExecutionSize = pushesAtOnce
	return base
}
