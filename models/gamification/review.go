package gamification

import (
	"slices"
	"time"

	"github.com/open-spaced-repetition/go-fsrs/v3"
)

// Recall is how well a card was remembered.
type Recall string

// The answers there are.
const (
	RecallAgain Recall = "again" // not at all
	RecallHard  Recall = "hard"
	RecallGood  Recall = "good"
	RecallEasy  Recall = "easy"
)

var ratings = map[Recall]fsrs.Rating{RecallAgain: fsrs.Again, RecallHard: fsrs.Hard, RecallGood: fsrs.Good, RecallEasy: fsrs.Easy}

// Memory is what the scheduler knows of a card.
type Memory struct {
	State         string // new, learning, review or relearning
	Stability     float64
	Difficulty    float64
	ScheduledDays int
	Reps, Lapses  int
	Due           time.Time
	Reviewed      *time.Time // the last time
}

var memoryStates = []string{"new", "learning", "review", "relearning"} // in the order of FSRS

// MemoryStates returns the states of a card's memory.
func MemoryStates() []string { return slices.Clone(memoryStates) }

// Next returns a card's memory after a review, by FSRS. Days are those of the learner's zone:
// as many have passed as there were midnights, and what is due in days is due from the
// beginning of that day. Steps of minutes stay exact. An unknown recall changes nothing.
func (m Memory) Next(recall Recall, now time.Time, zone *time.Location) Memory {
	rating, known := ratings[recall]
	if !known {
		return m
	}
	today := DayOf(now, zone)
	card := fsrs.Card{Stability: m.Stability, Difficulty: m.Difficulty, ScheduledDays: uint64(max(0, m.ScheduledDays)), Reps: uint64(m.Reps), Lapses: uint64(m.Lapses)}
	for i, name := range memoryStates {
		if name == m.State {
			card.State = fsrs.State(i)
		}
	}
	if m.Reviewed != nil {
		card.LastReview = min(DayOf(*m.Reviewed, zone), today).midnight()
	}
	parameters := fsrs.DefaultParam()
	after := fsrs.NewFSRS(parameters).Next(card, today.midnight(), rating).Card
	next := Memory{
		State: memoryStates[after.State], Stability: after.Stability, Difficulty: after.Difficulty,
		ScheduledDays: int(after.ScheduledDays), Reps: int(after.Reps), Lapses: int(after.Lapses), Reviewed: &now,
	}
	if after.ScheduledDays == 0 {
		next.Due = now.Add(after.Due.Sub(today.midnight()))
	} else {
		next.Due = (today + Day(after.ScheduledDays)).Begins(zone).UTC()
	}
	return next
}

// midnight returns the beginning of the day as if in UTC, where all days are equally long.
func (d Day) midnight() time.Time { return time.Unix(int64(d)*secondsOfADay, 0).UTC() }
