package main

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

const (
	boardUsers  = 1_000_000
	boardAsks   = 16 // clients
	boardPlaces = 50
	boardWithin = 5 * time.Millisecond // target for the p99 of a read, without HTTP
	buildWithin = time.Minute
)

// boardSizes are the numbers of learners, one after another.
var boardSizes = []int{10_000, 100_000, boardUsers}

// benchBoard measures boards of more and more learners: how long a build from the ledger and a read of a
// range take.
func benchBoard(ctx context.Context, o options) error {
	var byLearners [2]curve
	for _, learners := range boardSizes {
		r, err := boardOf(ctx, o, learners)
		if err != nil {
			return fmt.Errorf("%d learners: %w", learners, err)
		}
		r.draw(&byLearners, float64(learners))
	}
	return plot(o, "board-growth", chart{title: "The top 50 of more and more learners", unit: "answers a second", lines: byLearners[:], along: "learners"})
}

// boardOf measures boards of so many learners and returns the race for the top 50.
func boardOf(ctx context.Context, o options, learners int) (top race, err error) {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return top, err
	}
	defer clean()
	db, err := store.Open(database, store.Pool{MaxOpen: boardAsks})
	if err != nil {
		return top, err
	}
	defer store.Close(db)
	address, err := redis.ParseURL(o.redis)
	if err != nil {
		return top, err
	}
	client := redis.NewClient(address)
	defer client.Close()
	began := time.Now()
	if err := learnersWithPoints(ctx, database, learners); err != nil {
		return top, err
	}
	fmt.Fprintf(o.errs, "bench: %d learners in %v\n", learners, time.Since(began).Round(time.Second))
	b := &boards.Boards{DB: db, Redis: client, Clock: func() time.Time { return time.Now().UTC() }, Log: slog.New(slog.DiscardHandler)}
	if err := buildBoards(ctx, o, b); err != nil {
		return top, err
	}
	if learners == boardUsers {
		if err := measureBoards(ctx, o, b, client); err != nil {
			return top, err
		}
	}
	return boardsByHTTP(ctx, o, dir, database, learners)
}

// buildBoards builds the boards from the ledger.
func buildBoards(ctx context.Context, o options, b *boards.Boards) error {
	begun := time.Now()
	built, err := b.Build(ctx, nil, func() {})
	if err != nil {
		return err
	}
	took := time.Since(begun)
	var rows int64
	if err := b.DB.WithContext(ctx).Raw("SELECT count(*) FROM ledger").Scan(&rows).Error; err != nil {
		return err
	}
	fmt.Fprintf(o.out, "Nine boards of %d learners were built from %d rows of the ledger in %v.\n\n", built.Users, rows, took.Round(100*time.Millisecond))
	o.record(fmt.Sprintf("boards of %d built", built.Users), map[string]float64{"seconds": took.Seconds()})
	if built.Users == boardUsers {
		o.within("boards of a million built anew", took, buildWithin)
	}
	return nil
}

// learnersWithPoints creates so many learners, their points of this week and before, the totals, and the achievement that
// who has a thousand points holds. The first boardAsks of them can sign in, and the first is an administrator.
func learnersWithPoints(ctx context.Context, database string, learners int) error {
	hash, err := quickHash()
	if err != nil {
		return err
	}
	return fillQuickly(
		ctx, database, []string{"users", "ledger", "unlocks", "totals"},
		fmt.Sprintf(`INSERT INTO users (id, email, full_name, password_hash, roles, created_at, updated_at)
			SELECT gen_random_uuid(), 'learner' || n || '@example.com', 'Learner ' || n, CASE WHEN n <= %d THEN '%s' ELSE '-' END,
				CASE WHEN n = 1 THEN '["user", "admin"]'::jsonb ELSE '["user"]' END, now(), now() FROM generate_series(1, %d) n`, boardAsks, hash, learners),
		`INSERT INTO ledger (id, user_id, rule, source, points, at)
			SELECT gen_random_uuid(), u.id, 'award', n::text, (random() * 900)::int + 1, now() - random() * interval '20 days' * n
			FROM users u, generate_series(0, 1) n`,
		`INSERT INTO unlocks (user_id, achievement_id, unlocked_at)
			SELECT u.id, 'first_lesson', now() - random() * interval '20 days' FROM users u WHERE random() < 0.3`,
		`INSERT INTO totals (user_id, points, updated_at, level, level_at, achievements_at)
			SELECT user_id, sum(points), max(at), least(100, sum(points) / 1000 + 1), max(at), max(at) FROM ledger GROUP BY user_id`,
		`INSERT INTO unlocks (user_id, achievement_id, unlocked_at) SELECT user_id, 'points_1000', updated_at FROM totals WHERE points >= 1000`,
		`UPDATE totals t SET achievements = (SELECT count(*) FROM unlocks l WHERE l.user_id = t.user_id)`,
	)
}

// someLearners returns a few thousand of the million.
func someLearners(ctx context.Context, db *gorm.DB) (users []uuid.UUID, err error) {
	return users, db.WithContext(ctx).Raw("SELECT id FROM users TABLESAMPLE SYSTEM (1) LIMIT 5000").Scan(&users).Error
}

// measureBoards prints how long reads take within a process, beside one bare call.
func measureBoards(ctx context.Context, o options, b *boards.Boards, client *redis.Client) error {
	viewers, err := someLearners(ctx, b.DB)
	if err != nil {
		return err
	}
	state, err := learning.BoardsNow(ctx, b.DB)
	if err != nil {
		return err
	}
	read := func(around bool) func(context.Context, int) error {
		return func(ctx context.Context, _ int) error {
			viewer := viewers[rand.IntN(len(viewers))] //nolint:gosec // whose place is looked at is no secret
			page, err := b.Read(ctx, boards.Query{Board: pointsBoard, Viewer: viewer, Limit: boardPlaces, Around: around})
			if err != nil {
				return err
			}
			users := make([]uuid.UUID, len(page.Places))
			for i, p := range page.Places {
				users[i] = p.UserID
			}
			_, err = learning.UserSummaries(ctx, b.DB, viewer, users)
			return err
		}
	}
	key := pointsKey(*state.Generation)
	bare := func(ctx context.Context, _ int) error {
		return client.ZRevRangeWithScores(ctx, key, 0, boardPlaces-1).Err()
	}
	o.sectionf("Without HTTP")
	fmt.Fprint(o.out, "A read returns the viewer's own rank and the names of the fifty; the limit is one call to Redis. ")
	r, err := compete(ctx, o, 1, contender{name: "bare ZREVRANGE of fifty", do: bare}, contender{name: "the top 50", do: read(false)}, contender{name: "around oneself", do: read(true)})
	if err != nil {
		return err
	}
	r.print(o)
	for i, c := range r.of[1:] {
		o.within("p99 of "+c.name+", without HTTP", median(r.rounds, func(laps []lap) time.Duration { return laps[i+1].at(99) }), boardWithin)
	}
	return nil
}

var pointsBoard = learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}

// pointsKey returns the key of the sorted set of all points.
func pointsKey(generation uuid.UUID) string {
	return "lyo:board:" + generation.String() + ":" + learning.AllTime + ":points"
}
