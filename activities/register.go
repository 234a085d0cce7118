package activities

import "go.temporal.io/sdk/worker"

// Database are the activities of the queue "lyo".
type Database struct {
	Story    *Story
	Checking *Checking
}

// Register puts them on a worker.
func (d Database) Register(w worker.ActivityRegistry) {
	w.RegisterActivity(d.Story)
	w.RegisterActivity(d.Checking)
}

// Inference are the activities of the queue "lyo-gemma".
type Inference struct {
	Writing *Writing
}

// Register puts them on a worker.
func (i Inference) Register(w worker.ActivityRegistry) { w.RegisterActivity(i.Writing) }
