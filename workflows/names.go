package workflows

import (
	"strconv"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
)

// Task queues: one per scarce resource.
const (
	Queue           = "lyo"            // what learners wait for, except the model's part
	QueueBackground = "lyo-background" // follows an action or the clock, no client waits
	QueueGemma      = "lyo-gemma"      // activities that occupy a slot of the model
	QueuePush       = "lyo-push"       // pushes to devices, at a limited rate
	QueueReading    = "lyo-reading"    // learners' material, which may wait long and delays nothing else
)

// QueryProgress answers a ProgressAnswer with every event after the given seq.
const QueryProgress = "progress"

// GenerateCourseID returns the id of the workflow of a course generation task.
func GenerateCourseID(task uuid.UUID) string { return "generate-course/" + task.String() }

// RegenerateCourseID returns the id of the workflow that writes parts of a course again for a task.
func RegenerateCourseID(task uuid.UUID) string { return "regenerate-course/" + task.String() }

// ReadSourceID returns the id of the workflow that reads a learner's material.
func ReadSourceID(source uuid.UUID) string { return "read-source/" + source.String() }

// SendMailID returns the id of the workflow that sends a mail.
func SendMailID(mail uuid.UUID) string { return "send-mail/" + mail.String() }

// ExportAccountID returns the id of the workflow that packs a user's data for a task.
func ExportAccountID(task uuid.UUID) string { return "export-account/" + task.String() }

// DeleteAccountID returns the id of the workflow of a deletion. A restored user who
// leaves again has another deletion.
func DeleteAccountID(deletion uuid.UUID) string { return "delete-account/" + deletion.String() }

// ReviewReportID returns the id of the workflow that has a report decided in time.
func ReviewReportID(report uuid.UUID) string { return "review-report/" + report.String() }

// FanOutPushID returns the id of the workflow that sends the pushes of a notification.
func FanOutPushID(notification uuid.UUID) string { return "fan-out-push/" + notification.String() }

// BroadcastID returns the id of the workflow that sends a broadcast for a task.
func BroadcastID(task uuid.UUID) string { return "broadcast/" + task.String() }

// PushShardID returns the id of the workflow that sends the nth shard of a broadcast.
func PushShardID(broadcast uuid.UUID, n int) string {
	return "push-shard/" + broadcast.String() + "/" + strconv.Itoa(n)
}

// UnlockAchievementsID returns the id of the workflow that checks a user's achievements after an activity.
func UnlockAchievementsID(user, event uuid.UUID) string {
	return "unlock-achievements/" + user.String() + "/" + event.String()
}

// RebuildBoardsID returns the id of the workflow that rebuilds boards in place of those with a stamp.
func RebuildBoardsID(stamp uuid.UUID) string { return "rebuild-boards/" + stamp.String() }

// ApplyAchievementsID returns the id of the workflow that unlocks a batch of achievements
// for users who already reached them.
func ApplyAchievementsID(batch uuid.UUID) string { return "apply-achievements/" + batch.String() }

// Search attributes, by which the Temporal UI and command line filter.
var (
	SearchAttributeUser   = temporal.NewSearchAttributeKeyKeyword("LyoUser")
	SearchAttributeKind   = temporal.NewSearchAttributeKeyKeyword("LyoKind")
	SearchAttributeCourse = temporal.NewSearchAttributeKeyKeyword("LyoCourse")
)

// SearchAttributes returns all search attributes that Lyo registers and sets.
func SearchAttributes() []temporal.SearchAttributeKeyKeyword {
	return []temporal.SearchAttributeKeyKeyword{SearchAttributeUser, SearchAttributeKind, SearchAttributeCourse}
}
