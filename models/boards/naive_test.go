package boards_test

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

var boardKinds = []learning.BoardKind{learning.BoardPoints, learning.BoardLevel, learning.BoardAchievements}

// naive is a simple board: scores of users, sorted anew for each query.
type naive struct {
	scores [3]map[uuid.UUID]learning.Score // of all time, the month, the week
	gone   map[uuid.UUID]bool              // hidden or switched off
	// What is not written yet.
	dirty   map[uuid.UUID]bool
	entries []learning.LedgerEntry
	unlocks []learning.Unlock
}

func (n *naive) sorted(kind learning.BoardKind, frame int) []learning.LeaderboardEntry {
	type row struct {
		learning.LeaderboardEntry
		score int64
		at    time.Time
	}
	var all []row
	for user, s := range n.scores[frame] {
		r := row{LeaderboardEntry: learning.LeaderboardEntry{UserID: user, Points: s.Points, Level: s.Level, Achievements: s.Achievements}}
		switch {
		case n.gone[user]:
			continue
		case kind == learning.BoardPoints:
			r.score, r.at = s.Points, s.UpdatedAt
		case kind == learning.BoardLevel && s.Points > 0:
			r.score, r.at = int64(s.Level), s.LevelAt
		case kind == learning.BoardAchievements:
			r.score, r.at = int64(s.Achievements), s.AchievementsAt
		}
		if r.score > 0 {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.score, a.score), a.at.Compare(b.at), slices.Compare(a.UserID[:], b.UserID[:]))
	})
	places := make([]learning.LeaderboardEntry, len(all))
	for i, r := range all {
		r.Rank = int64(i) + 1
		places[i] = r.LeaderboardEntry
	}
	return places
}

func (n *naive) answer(q boards.Query, frame int) boards.Page {
	all := n.sorted(q.Kind, frame)
	page := boards.Page{Size: int64(len(all)), Places: []learning.LeaderboardEntry{}}
	for _, p := range all {
		if p.UserID == q.Viewer {
			page.Rank = p.Rank
		}
	}
	first := q.Skip
	if q.Around && page.Rank > 0 {
		first = max(0, min(page.Rank-1-int64(q.Limit)/2, page.Size-int64(q.Limit)))
	}
	for i := first; i < min(first+int64(q.Limit), page.Size); i++ {
		page.Places = append(page.Places, all[i])
	}
	return page
}

// TestTenThousandOperationsAgainstANaiveBoard changes scores and visibility at random,
// with few distinct scores and times so that there are many ties, and compares pages,
// ranks, around-me and sizes of every board. Now and then Redis loses everything, or one
// key, and the boards are built again later.
func TestTenThousandOperationsAgainstANaiveBoard(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.users(150)
	random := rand.New(rand.NewPCG(7, 11))
	n := &naive{gone: map[uuid.UUID]bool{}, dirty: map[uuid.UUID]bool{}}
	for i := range n.scores {
		n.scores[i] = map[uuid.UUID]learning.Score{}
	}
	a.trophies()
	a.build()
	fromRedis := 0
	for range 10_000 {
		user := users[random.IntN(len(users))]
		switch roll := random.IntN(1000); {
		case roll < 850:
			n.raise(user, random)
		case roll < 870:
			a.flush(n)
			n.gone[user] = !n.gone[user]
			column := []string{"is_active", "leaderboard_hidden"}[random.IntN(2)]
			require.NoError(t, a.DB.Exec("UPDATE users SET is_active = true, leaderboard_hidden = false WHERE id = ?", user).Error)
			if n.gone[user] {
				require.NoError(t, a.DB.Exec("UPDATE users SET "+column+" = NOT "+column+" WHERE id = ?", user).Error)
			}
		case roll < 872:
			a.lose(random)
		case roll < 880:
			a.flush(n)
			a.build()
		default:
			a.flush(n)
			frame := random.IntN(3)
			q := boards.Query{
				Board: learning.Board{Kind: boardKinds[random.IntN(3)], Period: period(frame)}, Viewer: user,
				Skip: int64(random.IntN(160)), Limit: 1 + random.IntN(60), Around: random.IntN(2) == 0,
			}
			asked := a.asked.Load()
			want := n.answer(q, frame)
			require.Equal(t, want, a.read(q), "%+v", q)
			if a.asked.Load() == asked {
				fromRedis++
			}
			if random.IntN(4) == 0 {
				require.Equal(t, want, a.rows(q), "%+v", q)
			}
		}
	}
	require.Greater(t, fromRedis, 500, "Redis answers most of the time")
	require.Positive(t, a.asked.Load(), "and when it could not, somebody said so")
}

// raise gives a user points or an achievement, at a second of this week, an earlier
// one of the month, or another month.
func (n *naive) raise(user uuid.UUID, random *rand.Rand) {
	at, frames := now.Add(time.Duration(random.IntN(40))*time.Second), 3
	switch random.IntN(5) {
	case 0:
		at, frames = at.AddDate(0, 0, -5), 2
	case 1:
		at, frames = at.AddDate(0, -1, 0), 1
	}
	points := 500 * random.IntN(4)
	unlocks := points == 0 && n.scores[0][user].Achievements < trophies
	if unlocks {
		n.unlocks = append(n.unlocks, learning.Unlock{UserID: user, AchievementID: fmt.Sprint("trophy ", n.scores[0][user].Achievements), UnlockedAt: at})
	} else {
		points = max(points, 500)
		n.entries = append(n.entries, learning.LedgerEntry{ID: store.NewID(), UserID: user, Rule: gamification.RuleAward, Source: store.NewID().String(), Points: points, At: at})
	}
	for frame := range frames {
		s := n.scores[frame][user]
		if s.Level == 0 {
			s = learning.Score{Level: 1, UpdatedAt: at, LevelAt: at, AchievementsAt: at}
		}
		if unlocks {
			if s.Achievements == 0 || at.After(s.AchievementsAt) {
				s.AchievementsAt = at
			}
			s.Achievements++
		} else {
			if s.Points == 0 || at.After(s.UpdatedAt) {
				s.UpdatedAt = at
			}
			s.Points += int64(points)
			if level := gamification.Level(s.Points); level > s.Level || s.Points == int64(points) {
				s.Level, s.LevelAt = level, s.UpdatedAt
			}
		}
		n.scores[frame][user] = s
	}
	n.dirty[user] = true
}

// trophies is the number of achievements that can be unlocked.
const trophies = 20

func (a *arena) trophies() {
	a.t.Helper()
	for i := range trophies {
		require.NoError(a.t, a.DB.Create(&learning.Achievement{
			ID: fmt.Sprint("trophy ", i), Name: "n", Description: "d", AchievementType: "skill_mastery", Rarity: "common",
			Criteria: []byte(`{"fact":"points","at_least":1}`), CreatedAt: now,
		}).Error)
	}
}

// flush writes what has changed, the rows and the totals, with the board changes, in one
// transaction.
func (a *arena) flush(n *naive) {
	a.t.Helper()
	if len(n.dirty) == 0 {
		return
	}
	var totals []learning.Total
	var periods []learning.PeriodScore
	var changes []learning.BoardChange
	for user := range n.dirty {
		totals = append(totals, learning.Total{UserID: user, Score: n.scores[0][user]})
		for frame := 1; frame < 3; frame++ {
			if s, there := n.scores[frame][user]; there {
				periods = append(periods, learning.PeriodScore{Period: period(frame), UserID: user, Score: s})
			}
		}
		changes = append(changes, learning.BoardChange{UserID: user})
		delete(n.dirty, user)
	}
	require.NoError(a.t, a.DB.Transaction(func(tx *gorm.DB) error {
		all := func() *gorm.DB { return tx.Clauses(clause.OnConflict{UpdateAll: true}) }
		faults := []error{all().Create(&totals).Error, tx.Create(&changes).Error}
		if len(periods) > 0 {
			faults = append(faults, all().Create(&periods).Error)
		}
		if len(n.entries) > 0 {
			faults = append(faults, tx.Create(&n.entries).Error)
		}
		if len(n.unlocks) > 0 {
			faults = append(faults, tx.Create(&n.unlocks).Error)
		}
		return errors.Join(faults...)
	}))
	n.entries, n.unlocks = nil, nil
}

// lose removes something from Redis, as a flush or an eviction would.
func (a *arena) lose(random *rand.Rand) {
	a.t.Helper()
	keys, err := a.redis.Keys(a.t.Context(), a.generation()+"*").Result()
	require.NoError(a.t, err)
	slices.Sort(keys)
	for _, key := range keys {
		if random.IntN(3) == 0 {
			require.NoError(a.t, a.redis.Del(a.t.Context(), key).Err())
		}
	}
}
