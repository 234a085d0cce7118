package gamification_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the same zones everywhere

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/gamification"
)

func quietHours(t *testing.T, from, to string) gamification.Quiet {
	t.Helper()
	f, err := gamification.ParseClock(from)
	require.NoError(t, err)
	u, err := gamification.ParseClock(to)
	require.NoError(t, err)
	return gamification.Quiet{From: f, To: u}
}

func TestQuietHours(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, from, to, zone, at, until string }{
		{"by day", "22:00", "07:00", "Europe/Berlin", "2026-11-01T12:00:00Z", ""},
		{"in the evening", "22:00", "07:00", "Europe/Berlin", "2026-11-01T21:30:00Z", "2026-11-02T06:00:00Z"},
		{"at the first minute", "22:00", "07:00", "Europe/Berlin", "2026-11-01T21:00:00Z", "2026-11-02T06:00:00Z"},
		{"just before", "22:00", "07:00", "Europe/Berlin", "2026-11-01T20:59:59Z", ""},
		{"after midnight", "22:00", "07:00", "Europe/Berlin", "2026-11-02T00:30:15Z", "2026-11-02T06:00:00Z"},
		{"at the last minute", "22:00", "07:00", "Europe/Berlin", "2026-11-02T05:59:59Z", "2026-11-02T06:00:00Z"},
		{"at the end", "22:00", "07:00", "Europe/Berlin", "2026-11-02T06:00:00Z", ""},
		{"within a day", "13:00", "15:00", "UTC", "2026-11-01T13:45:00Z", "2026-11-01T15:00:00Z"},
		{"none", "08:00", "08:00", "UTC", "2026-11-01T08:00:00Z", ""},
		{"half an hour off", "22:00", "07:00", "Asia/Kolkata", "2026-11-01T17:00:00Z", "2026-11-02T01:30:00Z"},
		{"all but a minute", "00:01", "00:00", "UTC", "2026-11-01T12:00:00Z", "2026-11-02T00:00:00Z"},

		// Berlin, 29 March 2026: at 02:00 the clock is put forward to 03:00.
		{"the short night ends by the clock", "22:00", "07:00", "Europe/Berlin", "2026-03-28T21:30:00Z", "2026-03-29T05:00:00Z"},
		{"an end that is skipped", "22:00", "02:30", "Europe/Berlin", "2026-03-28T21:30:00Z", "2026-03-29T01:00:00Z"},
		{"a beginning that is skipped", "02:30", "05:00", "Europe/Berlin", "2026-03-29T00:59:00Z", ""},
		{"and then it is quiet at once", "02:30", "05:00", "Europe/Berlin", "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
		{"skipped as a whole", "02:00", "03:00", "Europe/Berlin", "2026-03-29T01:00:00Z", ""},

		// Berlin, 25 October 2026: at 03:00 the clock is put back to 02:00.
		{"the long night ends by the clock", "22:00", "07:00", "Europe/Berlin", "2026-10-24T20:30:00Z", "2026-10-25T06:00:00Z"},
		{"an end that comes twice ends it twice", "22:00", "02:30", "Europe/Berlin", "2026-10-24T23:59:00Z", "2026-10-25T00:30:00Z"},
		{"the second time", "22:00", "02:30", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-25T01:30:00Z"},
		{"an hour that comes twice is quiet twice", "02:00", "03:00", "Europe/Berlin", "2026-10-25T00:15:00Z", "2026-10-25T02:00:00Z"},
		{"an hour after it", "03:00", "04:00", "Europe/Berlin", "2026-10-25T01:30:00Z", ""},

		// Lord Howe changes by half an hour, 4 October 2026 at 02:00 to 02:30.
		{"half an hour forward", "22:00", "02:15", "Australia/Lord_Howe", "2026-10-03T14:00:00Z", "2026-10-03T15:30:00Z"},
		// Apia had no 30th of December 2011.
		{"a day that was skipped", "22:00", "07:00", "Pacific/Apia", "2011-12-30T09:00:00Z", "2011-12-30T17:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		require.NoError(t, err)
		end, quiet := quietHours(t, row.from, row.to).Until(at, zone(t, row.zone))
		require.Equal(t, row.until != "", quiet, row.name)
		if quiet {
			require.Equal(t, row.until, end.Format(time.RFC3339), row.name)
		}
	}
}

// TestATimeZoneChangedMeanwhile asks again when the hours are over by the zone they were
// asked for in: what counts is where the user is by then.
func TestATimeZoneChangedMeanwhile(t *testing.T) {
	t.Parallel()
	night := quietHours(t, "22:00", "07:00")
	for _, row := range []struct{ name, before, after, at, first, second string }{
		{"to the west: it is night there still", "Europe/Berlin", "America/New_York", "2026-11-10T22:00:00Z", "2026-11-11T06:00:00Z", "2026-11-11T12:00:00Z"},
		{"to the east: it is day there long since", "Europe/Berlin", "Asia/Tokyo", "2026-11-10T22:00:00Z", "2026-11-11T06:00:00Z", ""},
		{"nowhere", "Europe/Berlin", "Europe/Berlin", "2026-11-10T22:00:00Z", "2026-11-11T06:00:00Z", ""},
		{"over a clock change", "Europe/Berlin", "Europe/London", "2026-10-24T23:00:00Z", "2026-10-25T06:00:00Z", "2026-10-25T07:00:00Z"},
	} {
		at, err := time.Parse(time.RFC3339, row.at)
		require.NoError(t, err)
		first, quiet := night.Until(at, zone(t, row.before))
		require.True(t, quiet, row.name)
		require.Equal(t, row.first, first.Format(time.RFC3339), row.name)
		second, still := night.Until(first, zone(t, row.after))
		require.Equal(t, row.second != "", still, row.name)
		if still {
			require.Equal(t, row.second, second.Format(time.RFC3339), row.name)
		}
	}
}

// TestQuietHoursEndWhereTheyDo compares with the clock of every minute.
func TestQuietHoursEndWhereTheyDo(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{zone(t, "Europe/Berlin"), zone(t, "America/St_Johns"), zone(t, "Australia/Lord_Howe"), zone(t, "Pacific/Apia"), time.UTC}
	rapid.Check(t, func(t *rapid.T) {
		q := gamification.Quiet{From: gamification.Clock(rapid.IntRange(0, 1439).Draw(t, "from")), To: gamification.Clock(rapid.IntRange(0, 1439).Draw(t, "to"))}
		where := zones[rapid.IntRange(0, len(zones)-1).Draw(t, "zone")]
		at := time.Unix(rapid.Int64Range(1_700_000_000, 1_900_000_000).Draw(t, "at"), 0)
		end, quiet := q.Until(at, where)
		if !quiet {
			return
		}
		require.True(t, end.After(at))
		_, still := q.Until(end, where)
		require.False(t, still, "it is over")
		for m := at; m.Before(end); m = m.Add(7 * time.Minute) {
			_, quiet := q.Until(m, where)
			require.True(t, quiet, "%v of %v", m, end)
		}
	})
}

func TestClocks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"00:00", "07:05", "23:59"} {
		c, err := gamification.ParseClock(text)
		require.NoError(t, err)
		require.Equal(t, text, c.String())
	}
	for _, text := range []string{"", "7:05", "24:00", "12:60", "12:00:00", "noon", "12.00"} {
		_, err := gamification.ParseClock(text)
		require.Error(t, err, text)
	}
}
