package boards_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

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
	client := storetest.Redis(t)
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
	page.Number = 0 // which rows do not have
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

// TestACopyDoesNotBelieveWhatItsOriginalWrote copies a database that shares its Redis, and changes both.
func TestACopyDoesNotBelieveWhatItsOriginalWrote(t *testing.T) {
	t.Parallel()
	client := storetest.Redis(t)
	arenaOf := func(url string) *arena {
		db, err := store.Open(url, store.Pool{MaxOpen: 5})
		require.NoError(t, err)
		a := &arena{t: t, redis: client}
		a.Boards = &boards.Boards{
			DB: db, Redis: client, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
			Rebuild: func(context.Context, uuid.UUID) error { a.asked.Add(1); return nil },
		}
		return a
	}
	url := storetest.URL(t)
	a := arenaOf(url)
	users := a.users(2)
	a.award(users[0], 100, now)
	a.award(users[1], 200, now)
	a.build()
	require.NoError(t, store.Close(a.DB))
	copied := arenaOf(storetest.Copy(t, url))
	a = arenaOf(url)
	t.Cleanup(func() { require.NoError(t, errors.Join(store.Close(a.DB), store.Close(copied.DB))) })
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[0], Limit: 10}
	copied.award(users[0], 500, now.Add(time.Second))
	require.EqualValues(t, 1, copied.read(q).Rank)
	require.EqualValues(t, 1, copied.asked.Load(), "the original's boards are not the copy's")
	require.EqualValues(t, 2, a.read(q).Rank)
	require.Zero(t, a.asked.Load(), "and the original's are still its own")
	copied.build()
	a.award(users[1], 1000, now.Add(time.Second))
	for _, one := range []*arena{copied, a} {
		one.read(q) // the boards that were built for the copy are there no more for the original
	}
	a.build()
	for range 2 {
		require.Equal(t, a.rows(q), a.read(q))
		require.Equal(t, copied.rows(q), copied.read(q))
	}
	asked := [2]int64{a.asked.Load(), copied.asked.Load()}
	require.EqualValues(t, 1, copied.read(q).Rank)
	require.EqualValues(t, 2, a.read(q).Rank)
	require.Equal(t, [2]int64{a.asked.Load(), copied.asked.Load()}, asked, "Redis answers both")
}

// TestPlacesAreReadOnceForAStamp reads a page twice, and again after a change.
func TestPlacesAreReadOnceForAStamp(t *testing.T) {
	t.Parallel()
	a := newArena(t)
	users := a.users(3)
	for i, user := range users {
		a.award(user, 100*(i+1), now)
	}
	a.build()
	q := boards.Query{Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: users[0], Limit: 10}
	read := func(viewer uuid.UUID) boards.Page {
		q.Viewer = viewer
		page, err := a.Read(t.Context(), q)
		require.NoError(t, err)
		require.Equal(t, a.rows(q).Places, page.Places)
		require.Equal(t, a.rows(q).Rank, page.Rank)
		return page
	}
	first := read(users[0])
	again := read(users[1])
	require.NotZero(t, first.Number)
	require.Equal(t, first.Number, again.Number)
	require.Same(t, &first.Places[0], &again.Places[0])
	a.award(users[0], 1000, now.Add(time.Second))
	require.NotEqual(t, first.Number, read(users[2]).Number)
	require.NotEqual(t, first.Number, read(users[0]).Number)
	require.NoError(t, a.redis.Del(t.Context(), a.generation()+"stamp").Err())
	require.Zero(t, read(users[1]).Number, "what Redis has lost is not believed")
	q.Around = true
	require.Zero(t, read(users[1]).Number)
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
