package boards_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

var now = time.Date(2026, 11, 11, 12, 0, 0, 0, time.UTC) // a Wednesday

// arena is boards on a database of their own. asked counts the requested rebuilds.
type arena struct {
	*boards.Boards
	t     *testing.T
	redis *redis.Client
	asked atomic.Int64
}

func newArena(t *testing.T) *arena {
	t.Helper()
	options, err := redis.ParseURL(storetest.Redis(t))
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	a := &arena{t: t, redis: client}
	a.Boards = &boards.Boards{
		DB: storetest.New(t), Redis: client, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
		Rebuild: func(context.Context, uuid.UUID) error { a.asked.Add(1); return nil },
	}
	return a
}

func (a *arena) build() {
	a.t.Helper()
	_, err := a.Build(a.t.Context(), nil, func() {})
	require.NoError(a.t, err)
}

func (a *arena) users(n int) []uuid.UUID {
	a.t.Helper()
	users, ids := make([]accounts.User, n), make([]uuid.UUID, n)
	for i := range users {
		ids[i] = store.NewID()
		users[i] = accounts.User{
			ID: ids[i], Email: ids[i].String() + "@example.com", FullName: "Ada", PasswordHash: "-", Locale: "en", Timezone: "UTC",
			IsActive: true, Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
		}
	}
	require.NoError(a.t, a.DB.CreateInBatches(&users, 500).Error)
	return ids
}

// generation returns the prefix of the boards' keys.
func (a *arena) generation() string {
	a.t.Helper()
	state, err := learning.BoardsNow(a.t.Context(), a.DB)
	require.NoError(a.t, err)
	require.NotNil(a.t, state.Generation)
	return "lyo:board:" + state.Generation.String() + ":"
}

func (a *arena) read(q boards.Query) boards.Page {
	a.t.Helper()
	page, err := a.Read(a.t.Context(), q)
	require.NoError(a.t, err)
	return page
}

// rows reads from Postgres.
func (a *arena) rows(q boards.Query) boards.Page {
	a.t.Helper()
	page, err := (&boards.Boards{DB: a.DB, Clock: a.Clock}).Read(a.t.Context(), q)
	require.NoError(a.t, err)
	return page
}

func period(frame int) string {
	return []string{learning.AllTime, learning.MonthPeriod(now), learning.WeekPeriod(now)}[frame]
}

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

// TestAThousandEventsAtOnceAddUp awards, completes, answers and unlocks for fifty users in
// parallel, while readers apply changes to Redis. Then the ledger's sums, the totals, a
// recount and the boards agree, and every achievement is there once.
func TestAThousandEventsAtOnceAddUp(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.users(50)
	course := a.course(users[0])
	a.build()
	var group errgroup.Group
	group.SetLimit(12)
	for i := range 1000 {
		user := users[i%len(users)]
		at := now.Add(time.Duration(i/100) * time.Second)
		group.Go(func() error { return a.learn(i/len(users), user, course, at) })
		if i%50 == 0 {
			group.Go(func() error {
				_, err := a.Read(context.Background(), boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: user, Limit: 10})
				return err
			})
		}
	}
	require.NoError(t, group.Wait())
	for _, user := range users { // what the last event of each reached
		_, err := learning.UnlockFor(t.Context(), a.DB, user, now.Add(time.Minute), notify.Enqueuer{})
		require.NoError(t, err)
	}
	var wrong []string
	require.NoError(t, a.DB.Raw(`SELECT t.user_id || ': ' || t.points || ' is not ' || l.points FROM totals t JOIN
		(SELECT user_id, sum(points) AS points FROM ledger GROUP BY 1) l ON l.user_id = t.user_id WHERE l.points <> t.points`).Scan(&wrong).Error)
	require.Empty(t, wrong)
	done, err := learning.RecountMany(t.Context(), a.DB, uuid.Nil, 100, now)
	require.NoError(t, err)
	require.Equal(t, len(users), done.Users)
	require.Empty(t, done.Differences)
	for frame := range 3 {
		for _, kind := range boardKinds {
			q := boards.Query{Board: learning.Board{Kind: kind, Period: period(frame)}, Viewer: users[7], Limit: 200}
			require.Equal(t, a.rows(q), a.read(q), q)
			require.EqualValues(t, len(users), a.read(q).Size)
		}
	}
	require.Zero(t, a.asked.Load(), "Redis answered all the time, or somebody was just at it")
	before := a.read(boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Limit: 200})
	a.build() // from the ledger
	require.Equal(t, before, a.read(boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Limit: 200}))
	var unlocks, rewards, news int64
	require.NoError(t, a.DB.Model(&learning.Unlock{}).Count(&unlocks).Error)
	require.NoError(t, a.DB.Model(&learning.LedgerEntry{}).Where("rule = ?", gamification.RuleAchievement).Count(&rewards).Error)
	require.NoError(t, a.DB.Model(&notify.Notification{}).Where("kind = ?", notify.NotifyAchievement).Count(&news).Error)
	require.Equal(t, []int64{unlocks, unlocks}, []int64{rewards, news}, "each achievement once")
	require.EqualValues(t, 3*len(users)+1, unlocks, "first lesson, first course, a thousand points, and who made the course")
}

// learn records the nth of a user's twenty events.
func (a *arena) learn(n int, user uuid.UUID, c courses.Course, at time.Time) error {
	ctx, f := context.Background(), notify.Enqueuer{}
	switch {
	case n < 9: // each lesson three times
		_, err := learning.StudyLesson(ctx, a.DB, learning.Study{UserID: user, CourseID: c.ID, LessonID: c.Lessons[n%3].ID, Completed: true, Minutes: 5, At: at}, at, f)
		return err
	case n < 16:
		hash := make([]byte, 32)
		award := learning.Award{
			AdminID: user, UserID: user, Points: 150, Reason: "well done", At: at, Key: learning.IdempotencyKey{Value: fmt.Sprint("award ", n), Hash: hash},
			Entry: store.AuditEntry{ID: store.NewID(), At: at, Action: store.AuditPointsAwarded, Via: store.AuditAPI},
		}
		_, _, err := learning.AwardPoints(ctx, a.DB, award, f)
		return err
	default:
		_, err := learning.UnlockFor(ctx, a.DB, user, at, f)
		return err
	}
}

func (a *arena) course(owner uuid.UUID) courses.Course {
	a.t.Helper()
	c := courses.Course{
		ID: store.NewID(), OwnerUserID: owner, Title: "Tides", Topic: "Tides", Status: courses.CourseReady, Visibility: courses.VisibilityPublic, DifficultyLevel: "beginner", Locale: "en",
		CreatedAt: now, UpdatedAt: now, PublishedAt: &now,
	}
	require.NoError(a.t, a.DB.Create(&c).Error)
	for n := 1; n <= 3; n++ {
		c.Lessons = append(c.Lessons, courses.Lesson{ID: courses.LessonID(c.ID, n), CourseID: c.ID, Position: n, Title: "Part", Content: "water", Revision: 1, CreatedAt: now, UpdatedAt: now})
	}
	require.NoError(a.t, a.DB.Create(&c.Lessons).Error)
	return c
}

func (a *arena) award(user uuid.UUID, points int, at time.Time) {
	a.t.Helper()
	_, _, err := learning.AwardPoints(a.t.Context(), a.DB, learning.Award{
		AdminID: user, UserID: user, Points: points, Reason: "r", At: at, Entry: store.AuditEntry{ID: store.NewID(), At: at, Action: store.AuditPointsAwarded, Via: store.AuditAPI},
	}, notify.Enqueuer{})
	require.NoError(a.t, err)
}

// TestAnOldCopyOfRedisIsNotBelieved restores Redis to what it was before a change.
func TestAnOldCopyOfRedisIsNotBelieved(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.users(3)
	for i, user := range users {
		a.award(user, 100+i, now)
	}
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[0], Limit: 10}
	require.Equal(t, a.rows(q), a.read(q), "Postgres answers while there are no boards")
	require.EqualValues(t, 1, a.asked.Load())
	a.build()
	copies := map[string]string{}
	keys, err := a.redis.Keys(t.Context(), a.generation()+"*").Result()
	require.NoError(t, err)
	require.Len(t, keys, 1+3*3, "nobody has achievements")
	for _, key := range keys {
		copies[key], err = a.redis.Dump(t.Context(), key).Result()
		require.NoError(t, err)
	}
	a.award(users[0], 500, now.Add(time.Second))
	require.EqualValues(t, 1, a.read(q).Rank, "a change counts at once")
	require.EqualValues(t, 1, a.asked.Load())
	for key, value := range copies {
		require.NoError(t, a.redis.RestoreReplace(t.Context(), key, time.Hour, value).Err())
	}
	require.EqualValues(t, 1, a.read(q).Rank)
	require.EqualValues(t, 2, a.asked.Load())
	a.award(users[1], 900, now.Add(time.Second))
	require.EqualValues(t, 2, a.read(q).Rank)
	require.NoError(t, a.Refresh(t.Context()))
	require.EqualValues(t, 4, a.asked.Load())
	a.build()
	require.EqualValues(t, 2, a.read(q).Rank)
	require.EqualValues(t, 4, a.asked.Load(), "and Redis answers again")
}

// TestWhoIsGoneLeavesTheBoards forgets a user whom Postgres no longer has.
func TestWhoIsGoneLeavesTheBoards(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.users(2)
	for _, user := range users {
		a.award(user, 100, now)
	}
	a.build()
	require.NoError(t, a.DB.Transaction(func(tx *gorm.DB) error {
		return errors.Join(tx.Exec("SELECT set_config('lyo.erasing', 'on', true)").Error, tx.Exec("DELETE FROM users WHERE id = ?", users[0]).Error)
	}))
	require.NoError(t, a.Forget(t.Context(), users[0]))
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[1], Limit: 10}
	page := a.read(q)
	require.Equal(t, a.rows(q), page)
	require.EqualValues(t, 1, page.Rank)
	require.Zero(t, a.asked.Load())
	require.NoError(t, a.redis.Del(t.Context(), a.generation()+"stamp").Err())
	generation := a.generation()
	require.NoError(t, a.Forget(t.Context(), users[1]), "boards that are not believed go altogether")
	left, err := a.redis.Keys(t.Context(), generation+"*").Result()
	require.NoError(t, err)
	require.Empty(t, left)
	without := &boards.Boards{DB: a.DB, Clock: a.Clock}
	require.NoError(t, without.Refresh(t.Context()))
	require.NoError(t, without.Forget(t.Context(), users[1]))
}
