package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/boards"
)

const (
	boardUsers = 1_000_000
	boardReads = 20_000
	boardAsks  = 4 // at once
)

// benchBoard measures boards of a million learners: how long they take to be built from
// the ledger, and how long somebody waits for a stretch of one. The limit is a bare call
// for the top 50 of the same sorted set.
func benchBoard(ctx context.Context, o options) (err error) {
	database, drop, err := newDatabase(ctx, o.database)
	if err != nil {
		return err
	}
	defer func() { _ = drop() }()
	db, err := models.Open(database, models.Pool{MaxOpen: 2 * boardAsks})
	if err != nil {
		return err
	}
	defer models.Close(db)
	address, err := redis.ParseURL(o.redis)
	if err != nil {
		return err
	}
	client := redis.NewClient(address)
	defer client.Close()
	now := time.Now().UTC()
	fmt.Fprintf(o.errs, "bench: making %d learners\n", boardUsers)
	if err := million(ctx, db, now); err != nil {
		return err
	}
	b := &boards.Boards{DB: db, Redis: client, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	begun := time.Now()
	built, err := b.Build(ctx, nil, func() {})
	if err != nil {
		return err
	}
	took := time.Since(begun)
	var rows int64
	if err := db.WithContext(ctx).Raw("SELECT count(*) FROM ledger").Scan(&rows).Error; err != nil {
		return err
	}
	fmt.Fprintf(o.out, "Nine boards of %d learners were built from %d rows of the ledger in %v.\n\n", built.Users, rows, took.Round(100*time.Millisecond))
	return measureBoards(ctx, o, b, client)
}

// million makes learners, their points of this week and before, and what they add up to.
func million(ctx context.Context, db *gorm.DB, now time.Time) error {
	for _, statement := range []string{
		`INSERT INTO users (id, email, full_name, password_hash, created_at, updated_at)
			SELECT gen_random_uuid(), 'learner' || n || '@example.com', 'Learner ' || n, '-', CAST(@now AS timestamptz), CAST(@now AS timestamptz) FROM generate_series(1, CAST(@users AS integer)) n`,
		`INSERT INTO ledger (id, user_id, rule, source, points, at)
			SELECT gen_random_uuid(), u.id, 'award', n::text, (random() * 900)::int + 1, CAST(@now AS timestamptz) - random() * interval '20 days' * n
			FROM users u, generate_series(0, 1) n`,
		`INSERT INTO unlocks (user_id, achievement_id, unlocked_at)
			SELECT u.id, 'first_lesson', CAST(@now AS timestamptz) - random() * interval '20 days' FROM users u WHERE random() < 0.3`,
		`INSERT INTO totals (user_id, points, updated_at, level, level_at, achievements_at)
			SELECT user_id, sum(points), max(at), least(100, sum(points) / 1000 + 1), max(at), max(at) FROM ledger GROUP BY user_id`,
		"ANALYZE",
	} {
		var args []any
		if strings.Contains(statement, "@now") {
			args = []any{map[string]any{"now": now, "users": boardUsers}}
		}
		if err := db.WithContext(ctx).Exec(statement, args...).Error; err != nil {
			return err
		}
	}
	return nil
}

// measureBoards prints how long reads take, in several rounds.
func measureBoards(ctx context.Context, o options, b *boards.Boards, client *redis.Client) error {
	var viewers []uuid.UUID
	if err := b.DB.WithContext(ctx).Raw("SELECT id FROM users TABLESAMPLE SYSTEM (1) LIMIT 5000").Scan(&viewers).Error; err != nil {
		return err
	}
	state, err := models.BoardsNow(ctx, b.DB)
	if err != nil {
		return err
	}
	key := "lyo:board:" + state.Generation.String() + ":" + models.AllTime + ":points"
	read := func(around bool) func(context.Context) error {
		return func(ctx context.Context) error {
			viewer := viewers[rand.IntN(len(viewers))] //nolint:gosec // whose place is looked at is no secret
			page, err := b.Read(ctx, boards.Query{Board: models.Board{Kind: models.BoardPoints, Period: models.AllTime}, Viewer: viewer, Limit: 50, Around: around})
			if err != nil {
				return err
			}
			users := make([]uuid.UUID, len(page.Places))
			for i, p := range page.Places {
				users[i] = p.UserID
			}
			_, err = models.FacesOf(ctx, b.DB, users)
			return err
		}
	}
	bare := func(ctx context.Context) error { return client.ZRevRangeWithScores(ctx, key, 0, 49).Err() }
	fmt.Fprintf(o.out, "%d reads a round, %d at once, medians of %d rounds. A read tells the viewer's own rank and the names of the fifty.\n\n", boardReads, boardAsks, o.rounds)
	fmt.Fprint(o.out, "| | p50 | p99 | a second | to the bare call |\n| --- | ---: | ---: | ---: | ---: |\n")
	var limit float64
	for _, row := range []struct {
		name string
		ask  func(context.Context) error
	}{{"bare ZREVRANGE of fifty", bare}, {"top 50", read(false)}, {"around me", read(true)}} {
		rounds := make([]asks, o.rounds)
		for i := range rounds {
			if rounds[i], err = ask(ctx, row.ask); err != nil {
				return err
			}
		}
		middle := middleOf(rounds)
		if limit == 0 {
			limit = middle.rate
		}
		fmt.Fprintf(o.out, "| %s | %v | %v | %.0f | %.2f |\n", row.name, rounded(middle.p50), rounded(middle.p99), middle.rate, middle.rate/limit)
	}
	return nil
}

// asks are the figures of a round.
type asks struct {
	p50, p99 time.Duration
	rate     float64
}

// ask does something many times, several at once.
func ask(ctx context.Context, what func(context.Context) error) (asks, error) {
	var mu sync.Mutex
	var all []time.Duration
	group, ctx := errgroup.WithContext(ctx)
	begun := time.Now()
	for range boardAsks {
		group.Go(func() error {
			took := make([]time.Duration, 0, boardReads/boardAsks)
			for range boardReads / boardAsks {
				at := time.Now()
				if err := what(ctx); err != nil {
					return err
				}
				took = append(took, time.Since(at))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			return nil
		})
	}
	err := group.Wait()
	return asks{percentile(all, 50), percentile(all, 99), float64(len(all)) / time.Since(begun).Seconds()}, err
}

// middleFigure is the middle of a figure, the lower one of two.
func middleFigure[T cmp.Ordered](rounds []asks, of func(asks) T) T {
	values := make([]T, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// middleOf is the median of each figure.
func middleOf(rounds []asks) asks {
	return asks{
		p50:  middleFigure(rounds, func(a asks) time.Duration { return a.p50 }),
		p99:  middleFigure(rounds, func(a asks) time.Duration { return a.p99 }),
		rate: middleFigure(rounds, func(a asks) float64 { return a.rate }),
	}
}
