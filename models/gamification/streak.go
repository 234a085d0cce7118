package gamification

import (
	"slices"
	"time"
)

// Week returns the Monday of a day's week.
func (d Day) Week() Day {
	const firstMonday = 4 // the fifth of January 1970
	return d - ((d-firstMonday)%7+7)%7
}

// Bridges reports the days that a streak survives without an event: days that were skipped by
// the calendar, and days for which a freeze was spent. Each week has one freeze.
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

// Row counts consecutive days with events, going over bridges: the run up to the last day, and
// the longest run. Days may come in any order and more than once. Days after today, by a clock
// that is ahead, do not count.
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

// bridged reports whether no day was missed between two days.
func bridged(from, to Day, bridge func(Day) bool) bool {
	for day := from + 1; day < to; day++ {
		if bridge == nil || !bridge(day) {
			return false
		}
	}
	return true
}

// Still returns what is left of a run up to a last day: all of it while today may still bring
// an event, 0 once a day was missed.
func Still(run int, last, today Day, bridge func(Day) bool) int {
	if run == 0 || !bridged(last, today, bridge) {
		return 0
	}
	return run
}

// Offline is the greatest age of an event that a client may still report.
const Offline = 48 * time.Hour

// Moment returns when an event happened. happened and sent are by the client's clock; their
// difference counts, so that a wrong clock does not matter. Without sent the client's clock is
// taken to be right. An event in the future, or older than Offline, counts as happening now.
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
