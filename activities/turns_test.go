package activities_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
)

// asked is a call that waits for a turn, in a goroutine.
type asked struct {
	got  chan func()
	stop context.CancelFunc
}

func ask(t *testing.T, turns *activities.Turns, user uuid.UUID) asked {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	a := asked{make(chan func(), 1), cancel}
	before := turns.Waiting()
	go func() {
		defer close(a.got)
		if done, err := turns.Take(ctx, user); err == nil {
			a.got <- done
		}
	}()
	// A call either has a slot or waits.
	for turns.Waiting() == before && len(a.got) == 0 {
		select {
		case <-t.Context().Done():
			t.Fatal("nobody arrived")
		default:
		}
	}
	return a
}

func (a asked) waits(t *testing.T) {
	t.Helper()
	require.Empty(t, a.got)
}

func TestOneTurnAUserAndNobodyWaitsForAnothersQueue(t *testing.T) {
	t.Parallel()
	turns := activities.NewTurns(2)
	mallory, trudy, ada, bob := uuid.New(), uuid.New(), uuid.New(), uuid.New()
	first := ask(t, turns, mallory)
	endFirst := <-first.got
	second, third := ask(t, turns, mallory), ask(t, turns, mallory)
	second.waits(t) // although a slot is free: the user has one already
	other := ask(t, turns, trudy)
	endOther := <-other.got
	more := ask(t, turns, trudy)
	honest, late := ask(t, turns, ada), ask(t, turns, bob)
	endFirst()
	endHonest := <-honest.got // before all earlier ones, whose users have had a turn
	second.waits(t)
	endOther()
	endLate := <-late.got
	endHonest()
	endSecond := <-second.got
	endLate()
	endMore := <-more.got
	third.waits(t)
	endSecond()
	(<-third.got)()
	endMore()
	require.Zero(t, turns.Waiting())
}

func TestWhoGoesAwayHoldsUpNobody(t *testing.T) {
	t.Parallel()
	turns := activities.NewTurns(1)
	ada, bob, eve := uuid.New(), uuid.New(), uuid.New()
	has := ask(t, turns, ada)
	end := <-has.got
	leaves, stays := ask(t, turns, bob), ask(t, turns, eve)
	leaves.stop()
	_, open := <-leaves.got
	require.False(t, open)
	end()
	(<-stays.got)()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if done, err := turns.Take(gone, ada); err == nil {
		done()
	}
	again := ask(t, turns, bob)
	(<-again.got)()
}
