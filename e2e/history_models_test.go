package e2e_test

import (
	"math"
	"math/bits"
	"testing"

	"github.com/anishathalye/porcupine"
	"github.com/stretchr/testify/require"
)

// never is when an answer came that did not come: what was asked may have happened at any time since, or not at all,
// which nobody can tell from its happening after everything else.
const never = math.MaxInt64

// The kinds of requests, and of what they are about.
const (
	doSet, doClear, doToggle, doGet       = "like", "unlike", "toggle", "get"
	doCreate, doSee, doCancel             = "create", "see", "cancel"
	doAward, doEarn, doTotal, doCompleted = "award", "earn", "total", "completed"
)

// liking is a request about the likes of a post, and liked its answer.
type (
	liking struct {
		do   string
		user int
	}
	liked struct {
		unknown bool
		count   int
		mine    bool
	}
)

// likesModel has as its state the set of users who like a post, of which every answer tells the size.
var likesModel = porcupine.Model{
	Init: func() any { return uint64(0) },
	Step: func(state, in, out any) (bool, any) {
		set, asked, got := state.(uint64), in.(liking), out.(liked)
		mine := uint64(1) << asked.user
		switch asked.do {
		case doSet:
			set |= mine
		case doClear:
			set &^= mine
		case doToggle:
			set ^= mine
		}
		return got.unknown || got.count == bits.OnesCount64(set) && got.mine == (set&mine != 0), set
	},
}

// tasking is a request about the task of a learner's key, and tasked its answer.
type (
	tasking struct{ do, topic string }
	tasked  struct {
		status   int // 0: unknown
		replayed bool
		seq      int64
		end      string // how it ended; empty: it goes on
	}
)

// taskState is what is known of a task. It moves on by itself, so it is known to be at least at seq.
type taskState struct {
	there bool
	topic string
	seq   int64
	ended bool
	end   string // empty: not known yet
}

// taskModel has as its state one task, which is created once, only moves on, and ends once.
var taskModel = porcupine.Model{
	Init: func() any { return taskState{} },
	Step: func(state, in, out any) (bool, any) {
		is, asked, got := state.(taskState), in.(tasking), out.(tasked)
		switch asked.do {
		case doCreate:
			return is.create(asked, got)
		case doCancel:
			return is.cancel(got)
		}
		return is.see(got)
	},
}

func (s taskState) create(asked tasking, got tasked) (bool, any) {
	was := s
	if !s.there {
		s.there, s.topic = true, asked.topic
	}
	switch got.status {
	case 0:
		return true, s
	case 202:
		return s.topic == asked.topic && got.replayed == was.there, s
	}
	return got.status == 422 && s.topic != asked.topic, s
}

func (s taskState) cancel(got tasked) (bool, any) {
	switch got.status {
	case 0:
		return true, s
	case 200:
		return s.there && !s.ended, s
	case 409:
		ended := s
		ended.ended = true
		return s.there, ended
	}
	return got.status == 404 && !s.there, s
}

func (s taskState) see(got tasked) (bool, any) {
	if got.status == 404 || !s.there {
		return got.status == 404 && !s.there, s
	}
	if got.seq < s.seq || s.ended && got.end == "" || s.end != "" && (s.end != got.end || s.seq != got.seq) {
		return false, s
	}
	s.seq, s.end, s.ended = got.seq, got.end, got.end != ""
	return true, s
}

// earning is a request about a learner's points, and earned its answer.
type (
	earning struct {
		do   string
		item int // what earns points: an award, a lesson, a quiz, or something that came by itself
	}
	earned struct {
		unknown  bool
		replayed bool
		before   int64
		total    int64
		lessons  uint64 // completed ones, by item
	}
)

// mostItems bounds the items of a learner.
const mostItems = 40

// pointState is which items earned their points, the sum, and what was answered to each award.
type pointState struct {
	have  uint64
	total int64
	after [mostItems]int64
}

// pointsModel has as its state what earned points, each once. worth are the points of the items, and lessons those that are lessons.
func pointsModel(begin int64, worth []int64, lessons uint64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return pointState{total: begin} },
		Step: func(state, in, out any) (bool, any) {
			is, asked, got := state.(pointState), in.(earning), out.(earned)
			switch asked.do {
			case doTotal:
				return got.total == is.total, is
			case doCompleted:
				return got.lessons == is.have&lessons, is
			}
			had := is.have&(1<<asked.item) != 0
			if !had {
				is.have |= 1 << asked.item
				is.total += worth[asked.item]
				is.after[asked.item] = is.total
			}
			switch {
			case got.unknown:
				return true, is
			case asked.do == doAward: // a replay is answered as the first one was
				return got.replayed == had && got.total == is.after[asked.item] && got.before == got.total-worth[asked.item], is
			case lessons&(1<<asked.item) != 0:
				return got.lessons == is.have&lessons, is
			}
			return true, is
		},
	}
}

// then returns operations one after another, in pairs of a request and its answer.
func then(pairs ...any) (all []porcupine.Operation) {
	for i := 0; i < len(pairs); i += 2 {
		at := int64(i * 10)
		all = append(all, porcupine.Operation{Input: pairs[i], Output: pairs[i+1], Call: at, Return: at + 5})
	}
	return all
}

// overlapping makes the last two operations concurrent.
func overlapping(all []porcupine.Operation) []porcupine.Operation {
	all[len(all)-1].Call = all[len(all)-2].Call
	return all
}

// unanswered makes the first operation one that may have happened at any time since.
func unanswered(all []porcupine.Operation) []porcupine.Operation {
	all[0].Return = never
	return all
}

// TestTheCheckerRefusesDoctoredHistories gives the checker histories that a right system has, and each with one lie.
func TestTheCheckerRefusesDoctoredHistories(t *testing.T) {
	t.Parallel()
	lie, created := liked{unknown: true}, tasked{status: 202}
	game := pointsModel(5, []int64{10, 20, 7}, 1<<1)
	for name, c := range map[string]struct {
		model   porcupine.Model
		history []porcupine.Operation
		right   bool
	}{
		"likes add up":                  {likesModel, then(liking{doSet, 0}, liked{count: 1, mine: true}, liking{doSet, 1}, liked{count: 2, mine: true}, liking{doGet, 2}, liked{count: 2}), true},
		"a like is lost":                {likesModel, then(liking{doSet, 0}, liked{count: 1, mine: true}, liking{doGet, 0}, liked{count: 0}), false},
		"a like counts twice":           {likesModel, then(liking{doSet, 0}, liked{count: 1, mine: true}, liking{doSet, 0}, liked{count: 2, mine: true}), false},
		"one of two toggles is lost":    {likesModel, overlapping(then(liking{doToggle, 0}, liked{count: 1, mine: true}, liking{doToggle, 0}, liked{count: 1, mine: true})), false},
		"a like may come late":          {likesModel, unanswered(then(liking{doSet, 0}, lie, liking{doGet, 1}, liked{count: 0}, liking{doGet, 1}, liked{count: 1})), true},
		"a like comes and goes":         {likesModel, unanswered(then(liking{doSet, 0}, lie, liking{doGet, 1}, liked{count: 1}, liking{doGet, 1}, liked{count: 0})), false},
		"a task is begun once":          {taskModel, overlapping(then(tasking{doCreate, "a"}, created, tasking{doCreate, "a"}, tasked{status: 202, replayed: true})), true},
		"a task is begun twice":         {taskModel, overlapping(then(tasking{doCreate, "a"}, created, tasking{doCreate, "a"}, created)), false},
		"two topics win":                {taskModel, overlapping(then(tasking{doCreate, "a"}, created, tasking{doCreate, "b"}, tasked{status: 202, replayed: true})), false},
		"a task is lost":                {taskModel, then(tasking{doCreate, "a"}, created, tasking{do: doSee}, tasked{status: 404}), false},
		"a task goes back":              {taskModel, then(tasking{doCreate, "a"}, created, tasking{do: doSee}, tasked{status: 200, seq: 3}, tasking{do: doSee}, tasked{status: 200, seq: 2}), false},
		"a task ends twice":             {taskModel, then(tasking{doCreate, "a"}, created, tasking{do: doSee}, tasked{status: 200, seq: 3, end: "failed"}, tasking{do: doSee}, tasked{status: 200, seq: 4, end: "completed"}), false},
		"an ended task is cancelled":    {taskModel, then(tasking{doCreate, "a"}, created, tasking{do: doSee}, tasked{status: 200, seq: 3, end: "completed"}, tasking{do: doCancel}, tasked{status: 200}), false},
		"an unknown task is there":      {taskModel, unanswered(then(tasking{doCreate, "a"}, tasked{}, tasking{do: doSee}, tasked{status: 404}, tasking{doCreate, "a"}, tasked{status: 202, replayed: true})), true},
		"points add up":                 {game, then(earning{doAward, 0}, earned{before: 5, total: 15}, earning{doEarn, 1}, earned{lessons: 2}, earning{do: doTotal}, earned{total: 35}), true},
		"an award is given twice":       {game, then(earning{doAward, 0}, earned{before: 5, total: 15}, earning{doAward, 0}, earned{before: 15, total: 25}), false},
		"a replay is answered anew":     {game, then(earning{doAward, 0}, earned{before: 5, total: 15}, earning{doEarn, 2}, earned{}, earning{doAward, 0}, earned{replayed: true, before: 12, total: 22}), false},
		"a lesson earns twice":          {game, then(earning{doEarn, 1}, earned{lessons: 2}, earning{doEarn, 1}, earned{lessons: 2}, earning{do: doTotal}, earned{total: 45}), false},
		"a lesson is forgotten":         {game, then(earning{doEarn, 1}, earned{lessons: 2}, earning{do: doCompleted}, earned{}), false},
		"points of nothing":             {game, then(earning{do: doTotal}, earned{total: 15}), false},
		"points may come late, or soon": {game, unanswered(then(earning{doEarn, 2}, earned{unknown: true}, earning{do: doTotal}, earned{total: 5}, earning{do: doTotal}, earned{total: 12})), true},
	} {
		require.Equal(t, c.right, porcupine.CheckOperations(c.model, c.history), name)
	}
}
