package gamification

import (
	"slices"
	"time"
)

// Week is the Monday of a day's week.
func (d Day) Week() Day {
	const firstMonday = 4 // the fifth of January 1970
	return d - ((d-firstMonday)%7+7)%7
}

// Bridges tells the days that a streak may go over without a deed: those that never
// were, and those for which a freeze was spent, of which each week has one.
func Bridges(freezes []Day, skipped func(Day) bool) func(Day) bool {
	spent := map[Day]Day{} // by week
	for _, day := range slices.Sorted(slices.Values(freezes)) {
		if _, twice := spent[day.Week()]; !twice {
			spent[day.Week()] = day
		}
	}
	return func(d Day) bool {
		day, frozen := spent[d.Week()]
		return frozen && day == d || skipped != nil && skipped(d)
	}
}

// Row counts days with deeds that follow each other, going over bridges: those up to
// the last day, and the most there ever were. Days may come in any order and more than
// once; those after today, by a clock that is ahead, do not count.
func Row(days []Day, today Day, bridge func(Day) bool) (run, longest int, last Day) {
	learned := slices.Compact(slices.Sorted(slices.Values(days)))
	for _, day := range learned {
		if day > today {
			break
		}
		if run > 0 && bridged(last, day, bridge) {
			run++
		} else {
			run = 1
		}
		last, longest = day, max(longest, run)
	}
	return run, longest, last
}

// bridged tells whether nothing was missed between two days.
func bridged(from, to Day, bridge func(Day) bool) bool {
	for day := from + 1; day < to; day++ {
		if bridge == nil || !bridge(day) {
			return false
		}
	}
	return true
}

// Still is what is left of a run up to a last day: all of it while today may yet bring
// a deed, nothing once a day was missed.
func Still(run int, last, today Day, bridge func(Day) bool) int {
	if run == 0 || !bridged(last, today, bridge) {
		return 0
	}
	return run
}

// Offline is how long ago a deed may have happened that is told of only now.
const Offline = 48 * time.Hour

// Moment is when a deed happened of which a client says when, by its own clock, and when
// it sent the word, by the same clock: the difference counts, so that a clock that is
// wrong does not matter. Without the latter the client's clock is taken for right. What
// lies ahead, or further back than Offline, was told by no clock to be believed, and
// happened now.
func Moment(now time.Time, happened, sent *time.Time) time.Time {
	if happened == nil {
		return now
	}
	by := now
	if sent != nil {
		by = *sent
	}
	ago := by.Sub(*happened)
	if ago < 0 || ago > Offline {
		return now
	}
	return now.Add(-ago)
}
