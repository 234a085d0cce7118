package gamification_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/gamification"
)

// eventsDaily are n moments, a day of 24 hours apart.
func eventsDaily(from string, n int) (events []string) {
	at, err := time.Parse(time.RFC3339, from)
	if err != nil {
		panic(err)
	}
	for i := range n {
		events = append(events, at.Add(time.Duration(i)*24*time.Hour).Format(time.RFC3339))
	}
	return events
}

type zoneMove struct{ at, to string }

// streakCase is a learner's history, as zones and moments, and the streak that it makes at now. Events are in UTC.
type streakCase struct {
	name             string
	zone             string
	moves            []zoneMove
	events           []string
	now              string
	current, longest int
}

// streakCases has a row for each way in which clocks and zones could break a streak or count a day twice.
var streakCases = []streakCase{
	// One zone.
	{"nothing yet", "UTC", nil, nil, "2026-11-10T12:00:00Z", 0, 0},
	{"today", "UTC", nil, []string{"2026-11-10T00:00:00Z"}, "2026-11-10T12:00:00Z", 1, 1},
	{"yesterday, not yet today", "UTC", nil, []string{"2026-11-09T23:59:59Z"}, "2026-11-10T23:59:59Z", 1, 1},
	{"yesterday was missed", "UTC", nil, []string{"2026-11-08T12:00:00Z"}, "2026-11-10T00:00:00Z", 0, 1},
	{"either side of midnight", "UTC", nil, []string{"2026-11-09T23:59:59Z", "2026-11-10T00:00:00Z"}, "2026-11-10T12:00:00Z", 2, 2},
	{"twice a day is once", "UTC", nil, []string{"2026-11-10T01:00:00Z", "2026-11-10T02:00:00Z"}, "2026-11-10T12:00:00Z", 1, 1},
	{"a gap begins anew", "UTC", nil, []string{"2026-11-05T12:00:00Z", "2026-11-06T12:00:00Z", "2026-11-08T12:00:00Z"}, "2026-11-08T13:00:00Z", 1, 2},
	{"a leap day", "UTC", nil, eventsDaily("2028-02-27T12:00:00Z", 4), "2028-03-01T13:00:00Z", 4, 4},
	{"a year's end", "UTC", nil, eventsDaily("2026-12-30T12:00:00Z", 4), "2027-01-02T13:00:00Z", 4, 4},
	{"evenings in Tokyo are not two days in UTC", "Asia/Tokyo", nil, []string{"2026-11-08T14:59:00Z", "2026-11-08T15:01:00Z"}, "2026-11-08T16:00:00Z", 2, 2},
	{"half an hour off, in Kolkata", "Asia/Kolkata", nil, []string{"2026-11-08T18:29:00Z", "2026-11-08T18:31:00Z"}, "2026-11-08T19:00:00Z", 2, 2},
	// Clocks that change.
	{"forward in Berlin, late at night", "Europe/Berlin", nil, []string{"2026-03-28T22:59:00Z", "2026-03-29T21:59:00Z", "2026-03-30T21:59:00Z"}, "2026-03-30T21:59:30Z", 3, 3},
	{"forward in Berlin, just after midnight", "Europe/Berlin", nil, []string{"2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"}, "2026-03-29T23:00:00Z", 3, 3},
	{"back in Berlin, a day of 25 hours", "Europe/Berlin", nil, []string{"2026-10-24T22:00:00Z", "2026-10-25T22:59:00Z"}, "2026-10-25T22:59:30Z", 1, 1},
	{"back in Berlin, and on", "Europe/Berlin", nil, []string{"2026-10-24T21:59:00Z", "2026-10-25T22:59:00Z", "2026-10-25T23:00:00Z"}, "2026-10-25T23:30:00Z", 3, 3},
	{"the hour that comes twice in New York", "America/New_York", nil, []string{"2026-11-01T05:30:00Z", "2026-11-01T06:30:00Z"}, "2026-11-01T07:00:00Z", 1, 1},
	{"forward in New York", "America/New_York", nil, []string{"2026-03-08T04:59:00Z", "2026-03-09T03:59:00Z", "2026-03-09T04:01:00Z"}, "2026-03-09T05:00:00Z", 3, 3},
	{"half an hour back on Lord Howe", "Australia/Lord_Howe", nil, []string{"2026-04-03T13:10:00Z", "2026-04-04T13:10:00Z", "2026-04-05T13:40:00Z"}, "2026-04-05T13:45:00Z", 3, 3},
	{"midnight skipped in Beirut", "Asia/Beirut", nil, []string{"2026-03-27T22:30:00Z", "2026-03-28T22:30:00Z", "2026-03-29T21:30:00Z"}, "2026-03-29T22:00:00Z", 3, 3},
	// The date line.
	{"Samoa had no 30th", "Pacific/Apia", nil, []string{"2011-12-29T20:00:00Z", "2011-12-30T20:00:00Z"}, "2011-12-31T09:00:00Z", 2, 2},
	{"Samoa had no 30th, and nothing since", "Pacific/Apia", nil, []string{"2011-12-29T20:00:00Z"}, "2011-12-31T09:00:00Z", 1, 1},
	{
		"over the line to Kiritimati: a day less, none missed", "Pacific/Honolulu",
		[]zoneMove{{"2026-11-02T08:00:00Z", "Pacific/Kiritimati"}},
		[]string{"2026-11-01T08:00:00Z", "2026-11-02T07:00:00Z", "2026-11-02T11:00:00Z"},
		"2026-11-02T12:00:00Z", 3, 3,
	},
	{
		"over the line and nothing twice", "Pacific/Honolulu",
		[]zoneMove{{"2026-11-02T08:00:00Z", "Pacific/Kiritimati"}},
		[]string{"2026-11-02T07:59:00Z", "2026-11-02T08:01:00Z"},
		"2026-11-02T08:30:00Z", 1, 1,
	},
	{
		"back over the line: a day again, counted once", "Pacific/Kiritimati",
		[]zoneMove{{"2026-11-02T12:00:00Z", "Pacific/Honolulu"}},
		[]string{"2026-11-02T11:00:00Z", "2026-11-02T13:00:00Z", "2026-11-03T09:00:00Z"},
		"2026-11-03T09:30:00Z", 1, 1,
	},
	{
		"back over the line, and the next day", "Pacific/Kiritimati",
		[]zoneMove{{"2026-11-02T12:00:00Z", "Pacific/Honolulu"}},
		[]string{"2026-11-02T11:00:00Z", "2026-11-04T11:00:00Z"},
		"2026-11-04T12:00:00Z", 2, 2,
	},
	// Moves.
	{
		"at 23:59 ahead: the day goes on", "Europe/Berlin",
		[]zoneMove{{"2026-11-08T22:59:00Z", "Asia/Tokyo"}},
		[]string{"2026-11-08T22:58:00Z", "2026-11-08T23:01:00Z"},
		"2026-11-08T23:30:00Z", 1, 1,
	},
	{
		"at 23:59 ahead, and on from there", "Europe/Berlin",
		[]zoneMove{{"2026-11-08T22:59:00Z", "Asia/Tokyo"}},
		[]string{"2026-11-08T22:58:00Z", "2026-11-09T15:30:00Z"},
		"2026-11-09T16:00:00Z", 2, 2,
	},
	{
		"at 23:59 back: the day is longer", "Europe/Berlin",
		[]zoneMove{{"2026-11-08T22:59:00Z", "America/New_York"}},
		[]string{"2026-11-08T22:58:00Z", "2026-11-09T04:59:00Z", "2026-11-09T05:01:00Z"},
		"2026-11-09T06:00:00Z", 2, 2,
	},
	{
		"back and the evening before is not missed", "Asia/Tokyo",
		[]zoneMove{{"2026-11-09T00:00:00Z", "America/New_York"}},
		[]string{"2026-11-08T00:00:00Z", "2026-11-08T23:00:00Z", "2026-11-10T06:00:00Z"},
		"2026-11-10T07:00:00Z", 3, 3,
	},
	{
		"to and fro within minutes", "UTC",
		[]zoneMove{{"2026-11-08T12:00:00Z", "Pacific/Kiritimati"}, {"2026-11-08T12:10:00Z", "Pacific/Pago_Pago"}, {"2026-11-08T12:20:00Z", "UTC"}},
		[]string{"2026-11-08T11:55:00Z", "2026-11-08T12:05:00Z", "2026-11-08T12:15:00Z", "2026-11-08T12:25:00Z"},
		"2026-11-08T13:00:00Z", 1, 1,
	},
	{
		"what was done before a move stays where it was", "UTC",
		[]zoneMove{{"2026-11-10T12:00:00Z", "America/New_York"}},
		[]string{"2026-11-09T02:00:00Z", "2026-11-10T02:00:00Z"},
		"2026-11-10T12:30:00Z", 2, 2,
	},
	{
		"a missed day is one, wherever", "UTC",
		[]zoneMove{{"2026-11-09T12:00:00Z", "Asia/Tokyo"}},
		[]string{"2026-11-08T12:00:00Z", "2026-11-11T12:00:00Z"},
		"2026-11-11T12:30:00Z", 1, 1,
	},
	{"a device two days ahead is of now", "UTC", nil, []string{moment("2026-11-10T12:00:00Z", "2026-11-12T12:00:00Z", "")}, "2026-11-10T12:00:00Z", 1, 1},
	{"a device two days behind is of now", "UTC", nil, []string{moment("2026-11-10T12:00:00Z", "2026-11-08T11:59:59Z", "")}, "2026-11-10T12:00:00Z", 1, 1},
	{
		"a device two days off that says so is right", "UTC", nil,
		[]string{moment("2026-11-10T12:00:00Z", "2026-11-07T12:00:00Z", "2026-11-08T12:00:00Z"), "2026-11-10T12:00:00Z"},
		"2026-11-10T12:00:00Z", 2, 2,
	},
}

// TestStreaksInTheLearnersCalendar computes the streak of every case from its events and moves.
func TestStreaksInTheLearnersCalendar(t *testing.T) {
	t.Parallel()
	require.GreaterOrEqual(t, len(streakCases), 30)
	for _, row := range streakCases {
		var moves []gamification.Move
		before := zone(t, row.zone)
		for _, m := range row.moves {
			after := zone(t, m.to)
			moves = append(moves, gamification.Move{At: parsed(m.at), Before: before, After: after})
			before = after
		}
		calendar := gamification.NewCalendar(before, moves)
		var days []gamification.Day
		for _, at := range row.events {
			days = append(days, calendar.Day(parsed(at)))
		}
		today := calendar.Day(parsed(row.now))
		bridge := gamification.Bridges(nil, calendar.Skipped)
		run, longest, last := gamification.Row(days, today, bridge)
		require.Equal(t, []int{row.current, row.longest}, []int{gamification.Still(run, last, today, bridge), longest}, "%s: days %v, today %v", row.name, days, today)
	}
}

func parsed(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// moment returns when an event that a device reports happened.
func moment(now, happened, sent string) string {
	h := parsed(happened)
	var s *time.Time
	if sent != "" {
		at := parsed(sent)
		s = &at
	}
	return gamification.Moment(parsed(now), &h, s).Format(time.RFC3339)
}

// TestNoWayOfMovingMakesMoreDaysThanTheCalendarHas moves every hour between the two ends
// of the world, with an event each time.
func TestNoWayOfMovingMakesMoreDaysThanTheCalendarHas(t *testing.T) {
	t.Parallel()
	east, west := zone(t, "Pacific/Kiritimati"), zone(t, "Pacific/Pago_Pago")
	start := parsed("2026-11-01T00:30:00Z")
	var moves []gamification.Move
	for hour := range 24 * 20 {
		m := gamification.Move{At: start.Add(time.Duration(hour) * time.Hour), Before: east, After: west}
		if hour%2 == 1 {
			m.Before, m.After = west, east
		}
		moves = append(moves, m)
	}
	calendar := gamification.NewCalendar(west, moves)
	seen := map[gamification.Day]bool{}
	last := calendar.Day(start)
	for quarter := range 24 * 20 * 4 {
		day := calendar.Day(start.Add(time.Duration(quarter) * 15 * time.Minute))
		require.GreaterOrEqual(t, day, last, "days never go back")
		require.LessOrEqual(t, day, last+1, "and none is left out")
		seen[day], last = true, day
	}
	require.LessOrEqual(t, len(seen), 22)
}

func TestAFreezeBridgesADayAWeekOnce(t *testing.T) {
	t.Parallel()
	monday := gamification.DayOf(parsed("2026-11-09T12:00:00Z"), time.UTC)
	require.Equal(t, monday, monday.Week())
	require.Equal(t, monday, (monday + 6).Week())
	require.Equal(t, monday+7, (monday + 7).Week())
	require.Equal(t, gamification.Day(-3), gamification.Day(0).Week(), "1970 began on a Thursday")
	for name, row := range map[string]struct {
		days, freezes    []gamification.Day
		today            gamification.Day
		current, longest int
	}{
		"a missed day":                {[]gamification.Day{monday, monday + 2}, nil, monday + 2, 1, 1},
		"a missed day, frozen":        {[]gamification.Day{monday, monday + 2}, []gamification.Day{monday + 1}, monday + 2, 2, 2},
		"frozen and still open":       {[]gamification.Day{monday}, []gamification.Day{monday + 1}, monday + 2, 1, 1},
		"frozen and then missed":      {[]gamification.Day{monday}, []gamification.Day{monday + 1}, monday + 3, 0, 1},
		"the second of a week":        {[]gamification.Day{monday, monday + 2, monday + 4}, []gamification.Day{monday + 1, monday + 3}, monday + 4, 1, 2},
		"the next week has its own":   {[]gamification.Day{monday + 4, monday + 6, monday + 8}, []gamification.Day{monday + 5, monday + 7}, monday + 8, 3, 3},
		"two days in a row":           {[]gamification.Day{monday, monday + 3}, []gamification.Day{monday + 1, monday + 2}, monday + 3, 1, 1},
		"a day with an event besides": {[]gamification.Day{monday, monday + 1}, []gamification.Day{monday + 1}, monday + 1, 2, 2},
	} {
		bridge := gamification.Bridges(row.freezes, nil)
		run, longest, last := gamification.Row(row.days, row.today, bridge)
		require.Equal(t, []int{row.current, row.longest}, []int{gamification.Still(run, last, row.today, bridge), longest}, name)
	}
}

func TestPointsOfADay(t *testing.T) {
	t.Parallel()
	require.Equal(t, 10, gamification.Room(gamification.RulePostCreated, 10, 0))
	require.Equal(t, 5, gamification.Room(gamification.RulePostCreated, 10, 95))
	require.Zero(t, gamification.Room(gamification.RuleCommentCreated, 5, 100))
	require.Equal(t, 20, gamification.Room(gamification.RuleLessonCompleted, 20, 100_000))
	for points, want := range map[int64][2]int64{0: {0, 1000}, 999: {999, 1000}, 1000: {0, 1000}, 98_999: {999, 1000}, 99_000: {1000, 1000}, 1 << 40: {1000, 1000}} {
		current, target := gamification.LevelProgress(points)
		require.Equal(t, want, [2]int64{current, target}, points)
	}
}

func TestWeeksOfBoardsBeginOnMondayInUTC(t *testing.T) {
	t.Parallel()
	for at, week := range map[string]string{
		"2026-11-09T00:00:00Z": "2026-11-09", "2026-11-08T23:59:59Z": "2026-11-02", "2027-01-01T12:00:00Z": "2026-12-28", "1969-12-31T12:00:00Z": "1969-12-29",
	} {
		require.Equal(t, week, gamification.WeekOf(parsed(at)).Format(time.DateOnly), at)
	}
}

func ExampleDay_Week() {
	fmt.Println(gamification.DayOf(time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC), time.UTC).Week())
	// Output: 2026-11-09
}
