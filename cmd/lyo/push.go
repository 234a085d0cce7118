package main

import (
	"context"

	"go.temporal.io/sdk/worker"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/push"
)

// pushing is how devices are told of news here.
func (a *app) pushing(ctx context.Context) (*activities.Pushing, error) {
	c := a.cfg.Push
	sender, err := push.New(ctx, push.Options{
		Apple: push.Apple{
			Key: c.APNSKey.Reveal(), KeyID: c.APNSKeyID, TeamID: c.APNSTeamID, Topic: c.APNSTopic, URL: c.APNSURL,
			Streams: c.APNSStreams, PingAfter: c.APNSPingAfter,
		},
		Google: push.Google{Credentials: c.FCMCredentials.Reveal(), URL: c.FCMURL, Parallel: c.FCMParallel},
		Seen: func(platform string, verdict push.Verdict) {
			a.metrics.Push(platform, string(verdict))
		},
		PerSecond: c.PerSecond, Timeout: c.Timeout, Clock: clock, Log: a.log,
	})
	return &activities.Pushing{DB: a.db, Clock: clock, Sender: sender, DailyCap: c.DailyCap}, err
}

// The queue of pushes, over all workers and in each. An activity has up to a hundred
// messages under way and holds two connections to the database.
const (
	pushesASecond = 200
	pushesAtOnce  = 6
)

func pushOptions(base worker.Options) worker.Options {
	base.TaskQueueActivitiesPerSecond = pushesASecond
	base.MaxConcurrentActivityExecutionSize = pushesAtOnce
	return base
}
