package workflows

import (
	"encoding/json"
	"fmt"
	"time"
)

// wrapUp is how much longer than its own deadline a run may take to end: to receive the
// deadline, to close what it has open, and to record its result.
const wrapUp = 10 * time.Minute

// These workflows have no deadline from a client. Each timeout is long enough for an outage
// of what it depends on, and short enough that the next run of its kind is not delayed.
const (
	mailFor     = time.Hour           // a user without the mail requests another
	readSource  = 9 * time.Hour       // four tries of two hours: documents wait for each other
	exportFor   = 24 * time.Hour      // as long as the archive can be fetched
	eraseFor    = 30 * 24 * time.Hour // an erasure is retried until it is done
	newsFor     = 7 * 24 * time.Hour  // quiet hours, retries, and any number of devices
	shardFor    = 24 * time.Hour
	followFor   = 24 * time.Hour // what follows a learner's action
	everybody   = 7 * 24 * time.Hour
	nightlyFor  = 23 * time.Hour // a run that goes on skips the next
	trendingFor = 30 * time.Minute
	remindFor   = 2 * time.Hour
)

// executionTimeouts are the rules, by registered workflow name.
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

// reserve returns the part of a run's execution timeout that comes after its own deadline.
func reserve(workflow string) time.Duration {
	switch workflow {
	case "GenerateCourse", "RegenerateCourse", "SendMail", "ReviewReport":
		return wrapUp
	}
	return 0
}

// timeoutRule returns the timeout of a run that starts now, from its input as JSON.
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

// until returns the time from now to a moment; 0 if that has passed.
func until(at, now time.Time) time.Duration { return max(at.Sub(now), 0) }

// ExecutionTimeout returns the timeout of a run of the named workflow that starts now with that
// input, as JSON: a little over the run's own deadline, including all runs that it continues
// as. Temporal then ends the run without notifying it, and package outbox ends its task. A
// workflow without a rule is an error.
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
