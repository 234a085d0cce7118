package gamification

import (
	"cmp"
	"slices"
	"time"
)

// Move is that a learner's clock went from one time zone to another.
type Move struct {
	At            time.Time
	Before, After *time.Location
}

// Calendar returns the days of a learner. In one zone they are that zone's.
// A move begins no day and ends none: who moves ahead of the date goes on with the day
// they are in until the next midnight there, and who moves back behind it until the
// calendar has caught up. So a move neither makes a user miss a day nor gives one
// twice, and however often one moves, there are never more days than the calendar has.
type Calendar struct{ stretches []stretch }

// stretch is a time in one zone.
type stretch struct {
	from  time.Time
	zone  *time.Location
	lag   Day // how many days the zone's calendar is ahead of the learner's
	least Day // the day in which it began
}

// NewCalendar returns the calendar of a user who lives in a zone after these moves, in any order.
func NewCalendar(zone *time.Location, moves []Move) Calendar {
	moves = slices.SortedStableFunc(slices.Values(moves), func(a, b Move) int { return cmp.Compare(a.At.UnixNano(), b.At.UnixNano()) })
	if len(moves) > 0 {
		zone = moves[0].Before
	}
	const long = -1 << 30
	c := Calendar{[]stretch{{zone: zone, least: long}}}
	for _, m := range moves {
		day := c.stretches[len(c.stretches)-1].day(m.At)
		c.stretches = append(c.stretches, stretch{m.At, m.After, max(0, DayOf(m.At, m.After)-day), day})
	}
	return c
}

func (s stretch) day(at time.Time) Day { return max(s.least, DayOf(at, s.zone)-s.lag) }

// Day returns the day that a moment falls on.
func (c Calendar) Day(at time.Time) Day {
	for _, s := range slices.Backward(c.stretches) {
		if !at.Before(s.from) {
			return s.day(at)
		}
	}
	return c.stretches[0].day(at)
}

// Skipped reports whether a day never existed for the user, as when a country went over the date line.
func (c Calendar) Skipped(d Day) bool {
	for i, s := range slices.Backward(c.stretches) {
		if i == 0 || s.least < d {
			there := d + s.lag
			return there.Begins(s.zone).Equal((there + 1).Begins(s.zone))
		}
	}
	return false
}

// WeekOf returns the first moment of the week of a board: of UTC, so that it is the same for
// everybody, from Monday.
func WeekOf(at time.Time) time.Time {
	return DayOf(at, time.UTC).Week().Begins(time.UTC)
}
