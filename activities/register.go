package activities

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
)

// Database are the activities of the queue "lyo": the database, and servers of others.
type Database struct {
	Story       *Story
	Checking    *Checking
	Researching *Researching
	Material    *Material
	Departure   *Departure
	Exporting   *Exporting
	Mailing     *Mailing
	Sweeping    *Sweeping
	// Pushing is asked here for all but to send.
	Pushing    *Pushing
	Rewarding  *Rewarding
	Moderating *Moderating
	Curating   *Curating
	// Writing is asked here only whether it can begin.
	Writing *Writing
}

// Register puts them on a worker.
func (d Database) Register(w worker.ActivityRegistry) {
	w.RegisterActivity(d.Story)
	w.RegisterActivity(d.Checking)
	w.RegisterActivity(d.Researching)
	w.RegisterActivity(d.Material)
	w.RegisterActivity(d.Departure)
	w.RegisterActivity(d.Exporting)
	w.RegisterActivity(d.Mailing)
	w.RegisterActivity(d.Sweeping)
	for name, activityOf := range map[string]any{
		"FillInboxes": d.Pushing.FillInboxes, "CountDevices": d.Pushing.CountDevices, "CutShards": d.Pushing.CutShards,
		"CountPushes": d.Pushing.CountPushes, "CorrectResult": d.Pushing.CorrectResult,
	} {
		w.RegisterActivityWithOptions(activityOf, activity.RegisterOptions{Name: name})
	}
	w.RegisterActivity(d.Rewarding)
	w.RegisterActivity(d.Moderating)
	w.RegisterActivity(d.Curating)
	w.RegisterActivityWithOptions(d.Writing.Prepare, activity.RegisterOptions{Name: "Prepare"})
}

// Inference are the activities of the queue "lyo-gemma".
type Inference struct {
	Writing  *Writing
	Ordering *Ordering
}

// Register puts them on a worker.
func (i Inference) Register(w worker.ActivityRegistry) {
	w.RegisterActivity(i.Writing)
	w.RegisterActivity(i.Ordering)
}

// Reading are the activities of the queue "lyo-reading".
type Reading struct {
	Material *Material
}

// Register puts them on a worker.
func (r Reading) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(r.Material.ReadSource, activity.RegisterOptions{Name: "ReadSource"})
}

// Pushes are the activities of the queue "lyo-push".
type Pushes struct {
	Pushing *Pushing
}

// Register puts them on a worker.
func (p Pushes) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(p.Pushing.DeliverPushes, activity.RegisterOptions{Name: "DeliverPushes"})
}
