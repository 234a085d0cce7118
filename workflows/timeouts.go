package workflows

import (
	"encoding/json"
	"fmt"
	"time"
)

// wrapUp is how much longer than its own deadline a run may take to end: to hear of the
// deadline, to close what it has open, and to write down how it ended.
const wrapUp = 10 * time.Minute

// What follows has no deadline of a client's. Each is long enough for a bad day of the
// servers below it, and short enough that the next run of its kind is not held up.
const (
	mailFor     = time.Hour           // who misses the mail asks for another
	readSource  = 9 * time.Hour       // four tries of two hours: documents wait for each other
	exportFor   = 24 * time.Hour      // as long as the archive can be fetched
	eraseFor    = 30 * 24 * time.Hour // an erasure is tried until it is done
	newsFor     = 7 * 24 * time.Hour  // quiet hours, retries, and as many devices as there are
	shardFor    = 24 * time.Hour
	followFor   = 24 * time.Hour // what follows a learner's action
	everybody   = 7 * 24 * time.Hour
	nightlyFor  = 23 * time.Hour // a run that goes on skips the next
	trendingFor = 30 * time.Minute
	remindFor   = 2 * time.Hour
)

// executionTimeouts are the rules, by the names that workflows are registered under.
var executionTimeouts = map[string]timeoutRule{
	"GenerateCourse": by(func(in GenerateCourseInput, _ time.Time) time.Duration { return in.Deadline + in.ReviewFor + wrapUp }),
	"RegenerateCourse": by(func(in RegenerateCourseInput, _ time.Time) time.Duration {
		return in.Deadline + wrapUp
	}),
	"ReadSource":    always(readSource),
	"SendMail":      always(mailFor + wrapUp),
	"ExportAccount": always(exportFor),
	"DeleteAccount": by(func(in DeleteAccountInput, now time.Time) time.Duration {
		return until(in.Due, now) + eraseFor
	}),
	"ReviewReport": by(func(in ReviewReportInput, now time.Time) time.Duration {
		return until(in.DueAt, now) + mostEscalating*reviewAgain + wrapUp
	}),
	"FanOutPush":         always(newsFor),
	"PushShard":          always(shardFor),
	"UnlockAchievements": always(followFor),
	"ApplyAchievements":  always(everybody),
	"RebuildBoards":      always(followFor),
	"SweepDevices":       always(nightlyFor),
	"CurateFeeds":        always(nightlyFor),
	"CheckContent":       always(nightlyFor),
	"CountTrending":      always(trendingFor),
	"RemindOfReviews":    always(remindFor),
}

// timeoutRule gives the timeout of a run that starts now, by its input as JSON.
type timeoutRule func(input []byte, now time.Time) (time.Duration, error)

func always(d time.Duration) timeoutRule {
	return func([]byte, time.Time) (time.Duration, error) { return d, nil }
}

func by[In any](rule func(In, time.Time) time.Duration) timeoutRule {
	return func(input []byte, now time.Time) (time.Duration, error) {
		var in In
		if err := json.Unmarshal(input, &in); err != nil {
			return 0, err
		}
		return rule(in, now), nil
	}
}

// until is the time from now to a moment; 0 when that has passed.
func until(at, now time.Time) time.Duration { return max(at.Sub(now), 0) }

// ExecutionTimeout is how long a run of the workflow of that name may go on that starts now
// with that input, as JSON: a little over the run's own deadline, with all runs that it
// continues as. Temporal then ends the run without a word to it, and the tasks of such runs
// are ended by package outbox. A workflow without a rule is an error.
func ExecutionTimeout(name string, input []byte, now time.Time) (time.Duration, error) {
	rule, ok := executionTimeouts[name]
	if !ok {
		return 0, fmt.Errorf("workflow %s has no execution timeout", name)
	}
	timeout, err := rule(input, now)
	if err != nil {
		return 0, fmt.Errorf("execution timeout of workflow %s: %w", name, err)
	}
	return timeout, nil
}
