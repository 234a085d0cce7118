package main

import (
	"slices"
	"time"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/sources/guard"
)

// curating keeps feeds good. Links are looked at where content sites are asked at all: public
// addresses only, and little of each.
func (a *app) curating() *activities.Curating {
	c := &activities.Curating{DB: a.db, Asks: a.model != nil, Clock: clock, Log: a.log}
	if !slices.Contains(a.cfg.Sources.Use, "none") {
		c.Web = guard.Client(guard.Options{Timeout: 10 * time.Second, MaxBytes: 64 << 10, UserAgent: "Lyo/" + version()})
	}
	return c
}

// ordering has the model order picks.
func (a *app) ordering() *activities.Ordering {
	o := &activities.Ordering{DB: a.db, Clock: clock, Log: a.log}
	if a.model != nil {
		o.Model = a.model
	}
	return o
}
