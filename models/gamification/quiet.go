package gamification

import (
	"fmt"
	"time"
)

// Clock is a time of day, in minutes after midnight by the clock on the wall.
type Clock int

const minutesOfADay = 24 * 60

// ParseClock reads HH:MM.
func ParseClock(text string) (Clock, error) {
	at, err := time.Parse("15:04", text)
	if err != nil || len(text) != len("15:04") {
		return 0, fmt.Errorf("%q is not a time of day such as 22:30", text)
	}
	return Clock(at.Hour()*60 + at.Minute()), nil
}

// String returns the time as HH:MM.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", c/60, c%60) }

func clockOf(at time.Time) Clock { return Clock(at.Hour()*60 + at.Minute()) }

// Quiet are the hours of every day in which a user is not disturbed: from From up to,
// not including, To, over midnight where To comes first. With both the same there are none.
type Quiet struct{ From, To Clock }

// Until reports whether a moment lies in the quiet hours of a zone, and when they end: the
// first moment from then on at which the clock there shows a time outside of them. A
// clock that is put forward shortens them and one that is put back prolongs them; where
// it shows the same hour twice, both are quiet or neither is.
func (q Quiet) Until(at time.Time, zone *time.Location) (end time.Time, quiet bool) {
	local := at.In(zone)
	if !q.covers(clockOf(local)) {
		return at, false
	}
	minute := local.Add(-time.Duration(local.Second())*time.Second - time.Duration(local.Nanosecond()))
	left := (q.To - clockOf(local) + minutesOfADay) % minutesOfADay
	end = minute.Add(time.Duration(left) * time.Minute)
	if sameOffset(minute, end) {
		return end.UTC(), true
	}
	// The clock is changed on the way: follow it by the minute.
	for end = minute; q.covers(clockOf(end)); {
		end = end.Add(time.Minute)
	}
	return end.UTC(), true
}

func (q Quiet) covers(c Clock) bool {
	if q.From <= q.To {
		return q.From <= c && c < q.To
	}
	return c >= q.From || c < q.To
}

// sameOffset reports whether no clock change lies between two moments of a zone. Two that
// cancel each other out within a day are none.
func sameOffset(a, b time.Time) bool {
	_, before := a.Zone()
	_, after := b.Zone()
	return before == after
}
