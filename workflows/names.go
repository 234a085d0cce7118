package workflows

import (
	"strconv"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
)

// Task queues: one per scarce resource.
const (
	Queue           = "lyo"            // what learners wait for, but for the model's part
	QueueBackground = "lyo-background" // what follows an action or the clock, and nobody waits for
	QueueGemma      = "lyo-gemma"      // activities that hold a slot of the model
	QueuePush       = "lyo-push"       // what is sent to devices, at a limited rate
	QueueReading    = "lyo-reading"    // learners' material, which may wait for long and keeps nobody else
)

// QueryProgress answers a ProgressAnswer with every event after the given seq.
const QueryProgress = "progress"

// GenerateCourseID is the id of the workflow that a task of course generation stands for.
func GenerateCourseID(task uuid.UUID) string { return "generate-course/" + task.String() }

// RegenerateCourseID is the id of the workflow that writes parts of a course again for a task.
func RegenerateCourseID(task uuid.UUID) string { return "regenerate-course/" + task.String() }

// ReadSourceID is the id of the workflow that reads a learner's material.
func ReadSourceID(source uuid.UUID) string { return "read-source/" + source.String() }

// SendMailID is the id of the workflow that sends a mail.
func SendMailID(mail uuid.UUID) string { return "send-mail/" + mail.String() }

// ExportAccountID is the id of the workflow that packs a user's data for a task.
func ExportAccountID(task uuid.UUID) string { return "export-account/" + task.String() }

// DeleteAccountID is the id of the workflow of a deletion. A user who was restored
// and leaves again has another deletion.
func DeleteAccountID(deletion uuid.UUID) string { return "delete-account/" + deletion.String() }

// ReviewReportID is the id of the workflow that sees to it that a report is decided.
func ReviewReportID(report uuid.UUID) string { return "review-report/" + report.String() }

// FanOutPushID is the id of the workflow that tells devices of news.
func FanOutPushID(notification uuid.UUID) string { return "fan-out-push/" + notification.String() }

// BroadcastID is the id of the workflow that tells many of a broadcast for a task.
func BroadcastID(task uuid.UUID) string { return "broadcast/" + task.String() }

// PushShardID is the id of the workflow that tells the nth shard of a broadcast's devices.
func PushShardID(broadcast uuid.UUID, n int) string {
	return "push-shard/" + broadcast.String() + "/" + strconv.Itoa(n)
}

// UnlockAchievementsID is the id of the workflow that looks at a user's achievements after a deed.
func UnlockAchievementsID(user, deed uuid.UUID) string {
	return "unlock-achievements/" + user.String() + "/" + deed.String()
}

// RebuildBoardsID is the id of the workflow that builds boards in the place of those with a stamp.
func RebuildBoardsID(stamp uuid.UUID) string { return "rebuild-boards/" + stamp.String() }

// ApplyAchievementsID is the id of the workflow that unlocks a batch of achievements for
// who has reached them already.
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
