package boards

import (
	"context"
	"strconv"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

// Built is the size of the boards that were built.
type Built struct {
	Users int `json:"users"` // on the board of all time
}

// Build builds all boards from the ledger under new keys, and publishes them when they are
// complete. With a stamp it does so only if Postgres still expects that one (uuid.Nil:
// none), so that requesting twice builds once. Readers are answered from Postgres meanwhile,
// and events are not delayed. alive is called regularly.
func (b *Boards) Build(ctx context.Context, instead *uuid.UUID, alive func()) (built Built, err error) {
	if b.Redis == nil {
		return built, b.forgetAll(ctx)
	}
	err = b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// The whole ledger is sorted, once a period: in memory that takes half as long.
		if err := tx.Exec("SET LOCAL work_mem = '256MB'").Error; err != nil {
			return err
		}
		state, err := learning.LockBoards(tx, 0)
		if err != nil {
			return err
		}
		if instead != nil && !expects(state, *instead) {
			return nil
		}
		// The changes so far are in the ledger that is read next; later ones have rows of
		// their own.
		if _, err := learning.TakeBoardChanges(tx, 0); err != nil {
			return err
		}
		generation, stamp := uuid.New(), uuid.New()
		if built.Users, err = b.buildAll(ctx, tx, generation, stamp, alive); err != nil {
			return err
		}
		if err := learning.StampBoards(tx, &generation, &stamp); err != nil {
			return err
		}
		if state.Generation == nil {
			return nil
		}
		return b.unlink(ctx, keysOf(*state.Generation))
	})
	return built, err
}

// buildAll builds the boards of every period under a generation, publishes them with a
// stamp, and returns the number of users.
func (b *Boards) buildAll(ctx context.Context, tx *gorm.DB, generation, stamp uuid.UUID, alive func()) (users int, err error) {
	sizes := map[string]any{}
	for _, period := range periods(b.Clock()) {
		n, err := b.buildPeriod(ctx, tx, keysOf(generation), period, sizes, alive)
		if err != nil {
			return 0, err
		}
		if period == learning.AllTime {
			users = n
		}
	}
	database, err := store.Identity(ctx, tx)
	if err != nil {
		return 0, err
	}
	return users, b.publish(ctx, keysOf(generation), stamp, database, sizes)
}

func expects(state learning.BoardState, stamp uuid.UUID) bool {
	if state.Stamp == nil {
		return stamp == uuid.Nil
	}
	return *state.Stamp == stamp
}

// publish writes the stamp of complete boards, which makes them valid.
func (b *Boards) publish(ctx context.Context, k keys, stamp uuid.UUID, database string, sizes map[string]any) error {
	sizes["stamp"], sizes["database"] = stamp.String(), database
	_, err := b.Redis.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, k.stamp(), sizes)
		p.Expire(ctx, k.stamp(), stampLive)
		for name := range sizes {
			if name != "stamp" && name != "database" {
				p.Expire(ctx, name, keysLive)
			}
		}
		return nil
	})
	return err
}

// chunk is how many users one round trip takes.
const chunk = 2000

// load collects the writes of a period.
type load struct {
	users    []any
	rankings [3][]redis.Z
}

func (l *load) add(r learning.BoardRow) error {
	text := record(r)
	l.users = append(l.users, field(r.UserID), text)
	for i, score := range [...]float64{float64(r.Points), float64(onBoard(r.Level, r.Points > 0)), float64(r.Achievements)} {
		if score > 0 {
			l.rankings[i] = append(l.rankings[i], redis.Z{Score: score, Member: text[i*memberBytes : (i+1)*memberBytes]})
		}
	}
	return nil
}

func (b *Boards) buildPeriod(ctx context.Context, tx *gorm.DB, k keys, period string, sizes map[string]any, alive func()) (n int, err error) {
	var l load
	var counts [3]int
	write := func() error {
		alive()
		if len(l.users) == 0 {
			return nil
		}
		n += len(l.users) / 2
		_, err := b.Redis.Pipelined(ctx, func(p redis.Pipeliner) error {
			p.HSet(ctx, k.users(period), l.users...)
			p.Expire(ctx, k.users(period), keysLive)
			for i, kind := range kinds {
				if len(l.rankings[i]) > 0 {
					name := k.ranking(learning.Board{Kind: kind, Period: period})
					p.ZAdd(ctx, name, l.rankings[i]...)
					p.Expire(ctx, name, keysLive)
				}
				counts[i] += len(l.rankings[i])
			}
			return nil
		})
		l.users = l.users[:0]
		for i := range l.rankings {
			l.rankings[i] = l.rankings[i][:0]
		}
		return err
	}
	err = learning.EachCounted(ctx, tx, period, func(r learning.BoardRow) error {
		if err := l.add(r); err != nil || len(l.users) < 2*chunk {
			return err
		}
		return write()
	})
	if err == nil {
		err = write()
	}
	sizes[k.users(period)] = strconv.Itoa(n)
	for i, kind := range kinds {
		sizes[k.ranking(learning.Board{Kind: kind, Period: period})] = strconv.Itoa(counts[i])
	}
	return n, err
}
