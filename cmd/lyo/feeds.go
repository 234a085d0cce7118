package main

import (
	"slices"
	"time"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/sources/guard"
)

// curating returns the activities that rate content for feeds. Links are checked only if content
// sites are configured; only public addresses are requested, and little of each is read.
func (a *app) curating() *activities.FeedActivities {
	c := &activities.FeedActivities{DB: a.db, Asks: a.model != nil, Clock: clock, Log: a.log}
	if !slices.Contains(a.cfg.Sources.Use, "none") {
		c.Web = guard.Client(guard.Options{Timeout: 10 * time.Second, MaxBytes: 64 << 10, UserAgent: "Lyo/" + version()})
	}
	return c
}

// ordering lets the model order the daily picks.
func (a *app) ordering() *activities.FeedOrderActivities {
	o := &activities.FeedOrderActivities{DB: a.db, Clock: clock, Log: a.log}
	if a.model != nil {
		o.Model = a.model
	}
	return o
}
