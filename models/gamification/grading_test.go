package gamification_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/gamification"
)

func TestAnswersAreGraded(t *testing.T) {
	t.Parallel()
	colours := []string{"red", "green", "blue"}
	single := gamification.Question{Kind: gamification.SingleChoice, Options: colours, Answer: 1}
	several := gamification.Question{Kind: gamification.MultipleChoice, Options: colours, Answers: []int{2, 0}}
	order := gamification.Question{Kind: gamification.Ordering, Options: colours, Answers: []int{2, 0, 1}}
	yes, no := gamification.Question{Kind: gamification.TrueFalse}, gamification.Question{Kind: gamification.TrueFalse, Options: []string{"True", "False"}, Answer: 1}
	short := gamification.Question{Kind: gamification.ShortAnswer, Accepted: []string{"The Moon", "-3"}}
	for _, row := range []struct {
		question gamification.Question
		answer   string
		right    bool
	}{
		{single, `1`, true},
		{single, `"green"`, true},
		{single, `" GREEN. "`, true},
		{single, `0`, false},
		{single, `1.5`, false},
		{single, `-1`, false},
		{single, `9`, false},
		{single, `null`, false},
		{single, ``, false},
		{single, `[1]`, false},
		{single, `{}`, false},
		{single, `""`, false},
		{several, `[0,2]`, true},
		{several, `["blue","red"]`, true},
		{several, `[2,0,2]`, true},
		{several, `[0]`, false},
		{several, `[0,1,2]`, false},
		{several, `[]`, false},
		{several, `0`, false},
		{order, `[2,0,1]`, true},
		{order, `["blue","red","green"]`, true},
		{order, `[0,1,2]`, false},
		{order, `[2,0]`, false},
		{order, `[2,0,1,1]`, false},
		{yes, `true`, true},
		{yes, `"true"`, true},
		{yes, `false`, false},
		{yes, `null`, false},
		{yes, `"perhaps"`, false},
		{no, `false`, true},
		{no, `1`, true},
		{no, `"False"`, true},
		{no, `true`, false},
		{no, `0`, false},
		{short, `"the moon"`, true},
		{short, `"  THE   MOON!"`, true},
		{short, `"ｔｈｅ ｍｏｏｎ"`, true},
		{short, `"moon"`, false},
		{short, `-3`, true},
		{short, `3`, false},
		{short, `""`, false},
		{short, `"..."`, false},
		{gamification.Question{Kind: "riddle"}, `0`, false},
	} {
		require.Equal(t, row.right, row.question.Right(json.RawMessage(row.answer)), "%s %s", row.question.Kind, row.answer)
	}
}

func TestPassMarks(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		right, asked int
		mark         float64
		passed       bool
	}{{7, 10, 0.7, true}, {6, 10, 0.7, false}, {2, 3, 2.0 / 3, true}, {0, 0, 0.1, false}, {1, 1, 1, true}, {0, 1, 0.7, false}} {
		_, passed := gamification.Grade(row.right, row.asked, row.mark)
		require.Equal(t, row.passed, passed, row)
	}
}

func TestCriteria(t *testing.T) {
	t.Parallel()
	facts := gamification.Facts{gamification.FactPoints: 500, gamification.FactLessons: 3}
	for text, want := range map[string][2]int64{
		`{"fact":"points","at_least":1000}`: {500, 1000}, `{"fact":"points","at_least":100}`: {100, 100}, `{"fact":"reviews","at_least":1}`: {0, 1},
		`{"all":[{"fact":"points","at_least":1},{"fact":"reviews","at_least":1}]}`: {1, 2},
		`{"any":[{"fact":"points","at_least":1},{"fact":"reviews","at_least":1}]}`: {1, 1},
	} {
		c, err := gamification.ParseCriteria([]byte(text))
		require.NoError(t, err, text)
		current, target := c.Progress(facts)
		require.Equal(t, want, [2]int64{current, target}, text)
		require.Equal(t, current >= target, c.Met(facts))
	}
	for _, text := range []string{`{}`, `[]`, `{"fact":"luck","at_least":1}`, `{"fact":"points"}`, `{"fact":"points","at_least":1,"any":[{"fact":"points","at_least":1}]}`, `{"all":[{}]}`} {
		_, err := gamification.ParseCriteria([]byte(text))
		require.Error(t, err, text)
	}
}

func TestCardsComeBackInDaysOfTheZone(t *testing.T) {
	t.Parallel()
	berlin := zone(t, "Europe/Berlin")
	evening := parsed("2026-10-24T20:00:00Z") // 22:00, the day before the clock goes back
	fresh := gamification.Memory{State: "new"}
	again := fresh.Next(gamification.RecallAgain, evening, berlin)
	require.Equal(t, evening.Add(time.Minute), again.Due, "minutes are exact")
	require.Equal(t, "learning", again.State)
	easy := fresh.Next(gamification.RecallEasy, evening, berlin)
	require.Equal(t, "review", easy.State)
	require.Positive(t, easy.ScheduledDays)
	require.Equal(t, gamification.DayOf(evening, berlin)+gamification.Day(easy.ScheduledDays), gamification.DayOf(easy.Due, berlin))
	require.True(t, easy.Due.Equal((gamification.DayOf(evening, berlin) + gamification.Day(easy.ScheduledDays)).Begins(berlin)), "from the beginning of that day")
	// The morning of that day counts as whole days later, though hours are missing.
	morning := easy.Due.Add(7 * time.Hour)
	later := easy.Next(gamification.RecallGood, morning, berlin)
	require.Greater(t, later.ScheduledDays, easy.ScheduledDays)
	require.Greater(t, later.Stability, easy.Stability)
	lapsed := later.Next(gamification.RecallAgain, later.Due, berlin)
	require.Equal(t, 1, lapsed.Lapses)
	require.Equal(t, "relearning", lapsed.State)
	require.Equal(t, fresh, fresh.Next("perhaps", evening, berlin))
	backwards := later.Next(gamification.RecallGood, evening, berlin)
	require.Equal(t, "review", backwards.State, "a clock that went back does no harm")
}
