package activities

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
)

// Database is the activities of the queue "lyo": the database, and third-party servers.
type Database struct {
	Progress *ProgressActivities
	Quality  *QualityActivities
	Sources  *SourceActivities
	Material *MaterialActivities
	Accounts *AccountActivities
	Exports  *ExportActivities
	Mail     *MailActivities
	Devices  *DeviceActivities
	// Push is used here for everything except sending.
	Push       *PushActivities
	Learning   *LearningActivities
	Moderation *ModerationActivities
	Feeds      *FeedActivities
	// Courses is used here only for Prepare.
	Courses *CourseActivities
}

// Register registers them on a worker.
func (d Database) Register(w worker.ActivityRegistry) {
	w.RegisterActivity(d.Progress)
	w.RegisterActivity(d.Quality)
	w.RegisterActivity(d.Sources)
	w.RegisterActivity(d.Material)
	w.RegisterActivity(d.Accounts)
	w.RegisterActivity(d.Exports)
	w.RegisterActivity(d.Mail)
	w.RegisterActivity(d.Devices)
	for name, activityOf := range map[string]any{
		"FillInboxes": d.Push.FillInboxes, "CountDevices": d.Push.CountDevices, "CutShards": d.Push.CutShards,
		"CountPushes": d.Push.CountPushes, "CorrectResult": d.Push.CorrectResult,
	} {
		w.RegisterActivityWithOptions(activityOf, activity.RegisterOptions{Name: name})
	}
	w.RegisterActivity(d.Learning)
	w.RegisterActivity(d.Moderation)
	w.RegisterActivity(d.Feeds)
	w.RegisterActivityWithOptions(d.Courses.Prepare, activity.RegisterOptions{Name: "Prepare"})
}

// Inference is the activities of the queue "lyo-gemma".
type Inference struct {
	Courses   *CourseActivities
	FeedOrder *FeedOrderActivities
}

// Register registers them on a worker.
func (i Inference) Register(w worker.ActivityRegistry) {
	w.RegisterActivity(i.Courses)
	w.RegisterActivity(i.FeedOrder)
}

// Reading is the activities of the queue "lyo-reading".
type Reading struct {
	Material *MaterialActivities
}

// Register registers them on a worker.
func (r Reading) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(r.Material.ReadSource, activity.RegisterOptions{Name: "ReadSource"})
}

// Pushes is the activities of the queue "lyo-push".
type Pushes struct {
	Push *PushActivities
}

// Register registers them on a worker.
func (p Pushes) Register(w worker.ActivityRegistry) {
	w.RegisterActivityWithOptions(p.Push.DeliverPushes, activity.RegisterOptions{Name: "DeliverPushes"})
}
