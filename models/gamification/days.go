package gamification

import "time"

// Day is a day of the calendar, wherever it is: the number of days since the
// first of January 1970.
type Day int

// DayOf returns the day that a moment falls on in a zone.
func DayOf(at time.Time, zone *time.Location) Day {
	year, month, day := at.In(zone).Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsOfADay)
}

const secondsOfADay = 24 * 60 * 60

// String returns the day as 2006-01-02.
func (d Day) String() string {
	return time.Unix(int64(d)*secondsOfADay, 0).UTC().Format(time.DateOnly)
}

// Begins returns the first moment of the day in a zone. A day that the zone skips is
// empty: it begins when the next one does.
func (d Day) Begins(zone *time.Location) time.Time {
	civil := time.Unix(int64(d)*secondsOfADay, 0).UTC()
	guess := time.Date(civil.Year(), civil.Month(), civil.Day(), 0, 0, 0, 0, zone)
	// Where midnight was skipped or came twice, the day may begin some hours off.
	for hour := -26 * time.Hour; hour <= 26*time.Hour; hour += 15 * time.Minute {
		if at := guess.Add(hour); DayOf(at, zone) >= d {
			return at
		}
	}
	return guess
}
