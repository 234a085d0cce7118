package gamification_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the same zones everywhere

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/gamification"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	require.NoError(t, err)
	return z
}

func TestDaysAreThoseOfTheZone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ at, zone, day string }{
		{"2026-11-01T12:00:00Z", "UTC", "2026-11-01"},
		{"2026-11-01T23:59:59Z", "Europe/Berlin", "2026-11-02"},
		{"2026-11-01T22:59:59Z", "Europe/Berlin", "2026-11-01"},
		{"2026-10-25T22:59:59Z", "Europe/Berlin", "2026-10-25"}, // the clock went back that day
		{"2026-10-25T23:00:00Z", "Europe/Berlin", "2026-10-26"},
		{"2026-03-28T22:59:59Z", "Europe/Berlin", "2026-03-28"}, // and forward on the next
		{"2026-03-29T22:00:00Z", "Europe/Berlin", "2026-03-30"},
		{"2026-11-01T09:59:59Z", "Pacific/Kiritimati", "2026-11-01"},
		{"2026-11-01T10:00:00Z", "Pacific/Kiritimati", "2026-11-02"},
		{"2026-11-01T10:59:59Z", "Pacific/Pago_Pago", "2026-10-31"},
		{"2026-11-01T18:29:59Z", "Asia/Kolkata", "2026-11-01"},
		{"2026-11-01T18:30:00Z", "Asia/Kolkata", "2026-11-02"},
		{"2026-11-01T18:15:00Z", "Asia/Kathmandu", "2026-11-02"},
		{"2011-12-30T09:59:59Z", "Pacific/Apia", "2011-12-29"}, // the 30th was skipped
		{"2011-12-30T10:00:00Z", "Pacific/Apia", "2011-12-31"},
		{"2028-02-29T12:00:00Z", "UTC", "2028-02-29"},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		require.NoError(t, err)
		day := gamification.DayOf(at, zone(t, row.zone))
		require.Equal(t, row.day, day.String(), "%s in %s", row.at, row.zone)
		begins := day.Begins(zone(t, row.zone))
		require.False(t, begins.After(at), "%s in %s begins %s", row.at, row.zone, begins)
		require.Equal(t, day, gamification.DayOf(begins, zone(t, row.zone)))
		require.Less(t, gamification.DayOf(begins.Add(-time.Second), zone(t, row.zone)), day)
	}
}

func TestStreaks(t *testing.T) {
	t.Parallel()
	const today = gamification.Day(20000)
	ago := func(days ...int) (all []gamification.Day) {
		for _, d := range days {
			all = append(all, today-gamification.Day(d))
		}
		return all
	}
	for name, row := range map[string]struct {
		days             []gamification.Day
		current, longest int
	}{
		"nothing yet":           {nil, 0, 0},
		"today":                 {ago(0), 1, 1},
		"yesterday, not yet":    {ago(1), 1, 1},
		"the day before":        {ago(2), 0, 1},
		"three in a row":        {ago(0, 1, 2), 3, 3},
		"up to yesterday":       {ago(1, 2, 3), 3, 3},
		"a gap":                 {ago(0, 2, 3, 4), 1, 3},
		"a gap yesterday":       {ago(2, 3), 0, 2},
		"more than once":        {ago(0, 0, 1, 1, 1), 2, 2},
		"in any order":          {ago(2, 0, 1), 3, 3},
		"a clock ahead":         {ago(-1, 0), 1, 1},
		"two ahead only":        {ago(-2, -1), 0, 0},
		"the longest long ago":  {ago(0, 1, 100, 101, 102, 103), 2, 4},
		"the longest goes on":   {ago(0, 1, 2, 3, 50, 51), 4, 4},
		"over a month's end":    {[]gamification.Day{today, today - 1, today - 2, today - 3}, 4, 4},
		"ahead does not extend": {ago(-1, 0, 1), 2, 2},
	} {
		run, longest, last := gamification.Row(row.days, today, nil)
		current := gamification.Still(run, last, today, nil)
		require.Equal(t, []int{row.current, row.longest}, []int{current, longest}, name)
	}
}

func TestLevels(t *testing.T) {
	t.Parallel()
	for points, level := range map[int64]int{-5: 1, 0: 1, 999: 1, 1000: 2, 12_345: 13, 98_999: 99, 99_000: 100, 5_000_000: 100} {
		require.Equal(t, level, gamification.Level(points), points)
	}
}
