package api

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/redisguard"
	"github.com/lyoapp/lyo/models"
)

// How long an answer about a session is believed. Together the first two stay
// under the second within which a revocation must take effect, as long as the
// process that revokes reaches Redis; when it does not, the third is the bound.
const (
	believeOwn   = 500 * time.Millisecond // in this process
	believeRedis = 10 * time.Second       // a stamp "live" in Redis, overwritten by a revocation
	redisWithin  = 200 * time.Millisecond
	believeMany  = 10_000 // sessions held at most
)

// standings tells whether sessions go on. Postgres has the truth; Redis carries
// it between processes, so that most requests need no query; a short memory
// spares both. Whatever is missing or broken on the way leads to Postgres.
type standings struct {
	db    *gorm.DB
	redis *redisguard.Guard
	clock func() time.Time
	stamp time.Duration // life of a revocation's stamp: that of an access token

	mu    sync.Mutex
	known map[uuid.UUID]belief
}

type belief struct {
	owner    uuid.UUID
	standing models.Standing
	until    time.Time
}

// of is what the session is worth to a user: nothing when it is another's.
func (b belief) of(user uuid.UUID) models.Standing {
	if b.owner != user {
		return models.SessionEnded
	}
	return b.standing
}

func newStandings(d Deps) *standings {
	return &standings{
		db: d.DB, redis: guarded(d, redisWithin), clock: d.Clock,
		stamp: d.Config.Auth.AccessFor + time.Minute, known: map[uuid.UUID]belief{},
	}
}

func stampKey(session uuid.UUID) string { return "lyo:session:" + session.String() }

// of is what a session is worth now to the user it is said to be of.
func (st *standings) of(ctx context.Context, session, user uuid.UUID) (models.Standing, error) {
	now := st.clock()
	if b, ok := st.recall(session, now); ok {
		return b.of(user), nil
	}
	if stamped, ok := st.ask(ctx, session); ok {
		st.remember(session, stamped, now)
		return stamped.of(user), nil
	}
	owner, standing, err := models.SessionStanding(ctx, st.db, session, now)
	if err != nil {
		return models.SessionEnded, err
	}
	b := belief{owner: owner, standing: standing}
	st.remember(session, b, now)
	if standing == models.SessionLive {
		// Only where nothing is: a revocation that came in between stays.
		_ = st.redis.Do(ctx, func(ctx context.Context) error {
			return st.redis.Client.SetNX(ctx, stampKey(session), liveStamp+owner.String(), believeRedis).Err()
		})
	}
	return b.of(user), nil
}

// liveStamp stands before the owner of a session that goes on.
const liveStamp = string(models.SessionLive) + " "

// ended spreads a revocation that Postgres has.
func (st *standings) ended(ctx context.Context, session uuid.UUID) {
	now := st.clock()
	st.remember(session, belief{standing: models.SessionEnded}, now)
	_ = st.redis.Do(context.WithoutCancel(ctx), func(ctx context.Context) error {
		return st.redis.Client.Set(ctx, stampKey(session), string(models.SessionEnded), st.stamp).Err()
	})
}

func (st *standings) ask(ctx context.Context, session uuid.UUID) (found belief, ok bool) {
	_ = st.redis.Do(ctx, func(ctx context.Context) error {
		value, err := st.redis.Client.Get(ctx, stampKey(session)).Result()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		if err != nil {
			return err
		}
		if owner, live := strings.CutPrefix(value, liveStamp); live {
			found.standing = models.SessionLive
			found.owner, err = uuid.Parse(owner)
			ok = err == nil
			return nil // a stamp that cannot be read is as good as none
		}
		found.standing, ok = models.SessionEnded, value == string(models.SessionEnded)
		return nil
	})
	return found, ok
}

func (st *standings) recall(session uuid.UUID, now time.Time) (belief, bool) {
	st.mu.Lock()
	defer st.mu.Unlock()
	b, ok := st.known[session]
	return b, ok && now.Before(b.until)
}

func (st *standings) remember(session uuid.UUID, b belief, now time.Time) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if len(st.known) >= believeMany {
		clear(st.known)
	}
	if old, ok := st.known[session]; ok && old.standing == models.SessionEnded && now.Before(old.until) {
		return // an answer that was on its way before the end does not bring it back
	}
	b.until = now.Add(believeOwn)
	st.known[session] = b
}
