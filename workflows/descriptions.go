package workflows

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// What people read in Temporal's UI and command line: descriptions has what is said of a run at its start, each
// activity and timer has a summary, and the current details say how far the run is. Nothing here is part of
// what a replay compares.

// Facts are what a description may say of a run besides its workflow. Empty ones are left out.
type Facts struct {
	Kind     string // as in LyoKind
	Level    string
	Language string
	Title    string // private: only where titles may be in Temporal
}

// Description is what Temporal shows of a run from its start: a line, a text in Markdown, and the same facts as a memo.
type Description struct {
	Summary, Details string
	Memo             map[string]any
}

// descriptions are the name of the work and what it does, by registered workflow name.
var descriptions = map[string]struct{ name, does string }{
	"GenerateCourse":     {"Course", "Writes a course: looks for sources, plans it, writes lessons and their practice, and checks them."},
	"RegenerateCourse":   {"Parts of a course again", "Writes parts of a course again. Each replaces its old version when it is done."},
	"ReadSource":         {"Material", "Extracts the text of a learner's material."},
	"SendMail":           {"Mail", "Sends a mail, and tries again for an hour."},
	"ExportAccount":      {"Export", "Packs a user's data into an archive."},
	"DeleteAccount":      {"Deletion of an account", "Stops an account's work, waits until its grace period is over, and erases it. Restoring the account cancels this."},
	"ReviewReport":       {"Review of a report", "Reminds administrators until the report is decided. The decision cancels this."},
	"FanOutPush":         {"Push", "Sends pushes to devices, and waits for quiet hours to end."},
	"PushShard":          {"Part of a broadcast", "Sends one shard of a broadcast."},
	"UnlockAchievements": {"Achievements", "Unlocks what a user has reached, and updates the boards."},
	"ApplyAchievements":  {"Achievements of everybody", "Unlocks achievements for users who already reached them."},
	"RebuildBoards":      {"Boards", "Rebuilds the boards in Redis from the ledger."},
	"SweepDevices":       {"Silent devices", "Switches off devices that were silent for too long."},
	"CurateFeeds":        {"Picks of the day", "Makes the day's picks for every active user."},
	"CheckContent":       {"Check of content", "Checks the quality of content, and then links."},
	"CountTrending":      {"Trending", "Recounts trending content."},
	"RemindOfReviews":    {"Reminders of reviews", "Reminds users of cards to review when it is their evening."},
}

// Describe returns the description of a run of the named workflow.
func Describe(name string, f Facts) Description {
	of := descriptions[name]
	line, details, memo := of.name, of.does+"\n", map[string]any{}
	for _, fact := range []struct{ name, value string }{{"kind", f.Kind}, {"level", f.Level}, {"language", f.Language}} {
		if fact.value == "" {
			continue
		}
		if fact.name != "kind" { // the name says that
			line += ", " + fact.value
		}
		details += "\n- " + fact.name + ": " + plain(fact.value)
		memo[fact.name] = fact.value
	}
	if f.Title != "" {
		line += ": " + plain(f.Title)
		details += "\n- title: " + plain(f.Title)
		memo["title"] = f.Title
	}
	return Description{Summary: short(line), Details: details, Memo: memo}
}

// mostSummary bounds a summary as JSON, in bytes. The server refuses to start a run with more than 400,
// to which encryption adds some.
const mostSummary = 240

// short cuts a line to what may be a summary.
func short(line string) string {
	if jsonLength(line) <= mostSummary {
		return line
	}
	const mark = "…"
	kept := jsonLength(mark)
	for i, r := range line {
		if kept += jsonLength(string(r)) - len(`""`); kept > mostSummary {
			return line[:i] + mark
		}
	}
	return line
}

// jsonLength returns how many bytes a text of valid UTF-8 has as JSON: encoding/json itself may not be called in workflows.
func jsonLength(text string) int {
	length := len(`""`)
	for _, r := range text {
		switch {
		case strings.ContainsRune("\"\\\b\f\n\r\t", r):
			length += len(`\n`)
		case r < ' ' || strings.ContainsRune("<>&\u2028\u2029", r):
			length += len(`\u0000`)
		default:
			length += utf8.RuneLen(r)
		}
	}
	return length
}

// marks are what Markdown would not show as it is, and what would break a line.
var marks = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "(", `\(`, ")", `\)`, "<", `\<`, ">", `\>`,
	"!", `\!`, "#", `\#`, "|", `\|`, "~", `\~`, "&", `\&`, "\n", " ", "\r", " ",
)

// plain returns a text that Markdown shows as it is, on one line: no link or image of a learner's reaches an operator.
func plain(text string) string { return marks.Replace(text) }

// titled returns a message about a lesson: with its title, where titles may be in Temporal.
func titled(message string, l activities.LessonRef) string {
	if l.Title == "" {
		return message
	}
	return message + ": " + l.Title
}

// recorded returns the summary of an activity that writes events to the task's row.
func recorded(events []activities.Event) string {
	last := events[len(events)-1]
	return fmt.Sprintf("Record %d %%, %s", last.Progress, last.Step)
}

// setDetailsf sets the run's current details.
func setDetailsf(ctx workflow.Context, format string, args ...any) {
	workflow.SetCurrentDetails(ctx, fmt.Sprintf(format, args...))
}

// formatTime returns a time as people read it.
func formatTime(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 MST") }

// shownEvents is how many events the current details have: those of a course of ten lessons.
const shownEvents = 40

// showDetails sets the current details to how far the task is, and what happened so far.
func (s *progressTracker) showDetails(ctx workflow.Context) {
	var lines []string
	if last := len(s.events) - 1; last >= 0 {
		lines = append(lines, fmt.Sprintf("**%d %%**, %s\n", s.events[last].Progress, plain(s.events[last].Step)))
	}
	left := max(len(s.events)-shownEvents, 0)
	if left > 0 {
		lines = append(lines, fmt.Sprintf("- %d events before", left))
	}
	for _, e := range s.events[left:] {
		lines = append(lines, fmt.Sprintf("- `%s` %s", e.At.UTC().Format(time.TimeOnly), plain(e.Message)))
	}
	workflow.SetCurrentDetails(ctx, strings.Join(lines, "\n"))
}

// sleep is workflow.Sleep by a timer with a summary.
func sleep(ctx workflow.Context, d time.Duration, summary string) error {
	return workflow.NewTimerWithOptions(ctx, d, workflow.TimerOptions{Summary: summary}).Get(ctx, nil)
}
