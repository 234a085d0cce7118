package boards

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

// bringScript writes users' scores, if the boards still have the stamp that Postgres
// expects and no key has lost anything, and sets a new stamp: incomplete boards never
// get one. It is idempotent. The stamp that it replaces is kept, for readers that are one batch behind.
//
// KEYS: stamp, then users, points, level and achievements of each period. ARGV: the
// expected stamp, the new one, TTLs of the keys and of the stamp in seconds, the database
// that they must be of, then for each user the index of the period, the field, and the record ("" removes).
var bringScript = redis.NewScript(`
if redis.call('HGET', KEYS[1], 'stamp') ~= ARGV[1] or redis.call('HGET', KEYS[1], 'database') ~= ARGV[5] then return 0 end
for at = 2, #KEYS do
  local size = redis.call((at - 2) % 4 == 0 and 'HLEN' or 'ZCARD', KEYS[at])
  if size ~= tonumber(redis.call('HGET', KEYS[1], KEYS[at]) or '0') then return 0 end
end
for i = 6, #ARGV, 3 do
  local at = 2 + 4 * tonumber(ARGV[i])
  local users, user, record = KEYS[at], ARGV[i + 1], ARGV[i + 2]
  local old = redis.call('HGET', users, user)
  if old then
    for n = 0, 2 do redis.call('ZREM', KEYS[at + 1 + n], string.sub(old, n * 24 + 1, n * 24 + 24)) end
  end
  if record == '' then
    redis.call('HDEL', users, user)
  else
    redis.call('HSET', users, user, record)
    local n = 0
    for score in string.gmatch(string.sub(record, 73), '%d+') do
      if score ~= '0' then redis.call('ZADD', KEYS[at + 1 + n], score, string.sub(record, n * 24 + 1, n * 24 + 24)) end
      n = n + 1
    end
  end
end
for at = 2, #KEYS, 4 do
  redis.call('HSET', KEYS[1], KEYS[at], redis.call('HLEN', KEYS[at]))
  redis.call('EXPIRE', KEYS[at], ARGV[3])
  for n = 1, 3 do
    redis.call('HSET', KEYS[1], KEYS[at + n], redis.call('ZCARD', KEYS[at + n]))
    redis.call('EXPIRE', KEYS[at + n], ARGV[3])
  end
end
redis.call('HSET', KEYS[1], 'stamp', ARGV[2], 'before', ARGV[1])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
`)

// bringAtOnce bounds one call of the script, since Redis does nothing else meanwhile.
const bringAtOnce = 500

// Refresh applies every pending change to Redis; errBusy: another process is at it for long. Without Redis it drops the changes and
// marks the boards as missing, so that a later Redis starts anew; a rebuild of missing
// boards is requested.
func (b *Boards) Refresh(ctx context.Context) error {
	if b.Redis == nil {
		return b.forgetAll(ctx)
	}
	for {
		now, err := b.bring(ctx, bringAtOnce, refreshWait)
		switch {
		case errors.Is(err, errUnbelieved):
			return b.asked(ctx, now)
		case err != nil || !now.Waiting:
			return err
		}
	}
}

func (b *Boards) asked(ctx context.Context, now learning.BoardNow) error {
	stamp := uuid.Nil
	if now.Stamp != nil {
		stamp = *now.Stamp
	}
	if b.Rebuild == nil {
		return nil
	}
	return b.Rebuild(ctx, stamp)
}

func (b *Boards) forgetAll(ctx context.Context) error {
	return b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if _, err := learning.LockBoards(tx, 0); err != nil {
			return err
		}
		if _, err := learning.TakeBoardChanges(tx, 0); err != nil {
			return err
		}
		return learning.StampBoards(tx, nil, nil)
	})
}

// bring writes up to most changes to Redis and returns the state after that. The error is
// errUnbelieved when the boards are missing, or are not those that Postgres expects; the
// changes stay then. It is errBusy when another process has been writing for longer than wait.
func (b *Boards) bring(ctx context.Context, most int, wait time.Duration) (now learning.BoardNow, err error) {
	err = b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		state, err := learning.LockBoards(tx, wait)
		if err != nil {
			return err
		}
		now = learning.BoardNow{Generation: state.Generation, Stamp: state.Stamp}
		if now.Database, err = store.Identity(ctx, tx); err != nil {
			return err
		}
		if state.Stamp == nil {
			return errUnbelieved
		}
		users, err := learning.TakeBoardChanges(tx, most)
		if err != nil {
			return err
		}
		if len(users) > 0 {
			stamp := uuid.New()
			if err := b.put(ctx, tx, state, stamp, unique(users)); err != nil {
				return err
			}
			if err := learning.StampBoards(tx, state.Generation, &stamp); err != nil {
				return err
			}
			now.Stamp = &stamp
		}
		now.Waiting = len(users) == most
		return nil
	})
	if store.IsLockTimeout(err) {
		err = errBusy
	}
	return now, err
}

// refreshWait is how long Refresh waits for another process.
const refreshWait = 5 * time.Second

func unique(users []uuid.UUID) []uuid.UUID {
	seen := make(map[uuid.UUID]bool, len(users))
	kept := users[:0]
	for _, u := range users {
		if !seen[u] {
			seen[u] = true
			kept = append(kept, u)
		}
	}
	return kept
}

// put writes the current scores of users to Redis by the script.
func (b *Boards) put(ctx context.Context, tx *gorm.DB, state learning.BoardState, stamp uuid.UUID, users []uuid.UUID) error {
	k := keysOf(*state.Generation)
	names := []string{k.stamp()}
	database, err := store.Identity(ctx, tx)
	if err != nil {
		return err
	}
	args := []any{state.Stamp.String(), stamp.String(), int(keysLive.Seconds()), int(stampLive.Seconds()), database}
	for i, period := range periods(b.Clock()) {
		names = append(names, k.users(period))
		for _, kind := range kinds {
			names = append(names, k.ranking(learning.Board{Kind: kind, Period: period}))
		}
		rows, err := learning.ScoresOf(tx, period, users)
		if err != nil {
			return err
		}
		records := make(map[uuid.UUID]string, len(rows))
		for _, r := range rows {
			if r.Points > 0 || r.Achievements > 0 {
				records[r.UserID] = record(r)
			}
		}
		for _, user := range users {
			args = append(args, i, field(user), records[user])
		}
	}
	return b.exchange(ctx, func(ctx context.Context) error {
		done, err := bringScript.Run(ctx, b.Redis, names, args...).Int()
		if err == nil && done == 0 {
			return errUnbelieved
		}
		return err
	})
}

// Forget removes a deleted user from the boards in Redis, whatever Postgres still has of them.
func (b *Boards) Forget(ctx context.Context, user uuid.UUID) error {
	if b.Redis == nil {
		return nil
	}
	err := b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		state, err := learning.LockBoards(tx, 0)
		if err != nil || state.Stamp == nil {
			return err
		}
		stamp := uuid.New()
		if err := b.put(ctx, tx, state, stamp, []uuid.UUID{user}); err != nil {
			return err
		}
		return learning.StampBoards(tx, state.Generation, &stamp)
	})
	if errors.Is(err, errUnbelieved) {
		return b.drop(ctx) // no reader uses those, and the next are built without the user
	}
	return err
}

// drop removes the boards that Postgres knows of from Redis, and marks them as missing.
func (b *Boards) drop(ctx context.Context) error {
	return b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		state, err := learning.LockBoards(tx, 0)
		if err != nil || state.Generation == nil {
			return err
		}
		if err := b.unlink(ctx, keysOf(*state.Generation)); err != nil {
			return err
		}
		return learning.StampBoards(tx, nil, nil)
	})
}

// unlink removes the keys of a generation.
func (b *Boards) unlink(ctx context.Context, k keys) error {
	found := b.Redis.Scan(ctx, 0, string(k)+"*", 1000).Iterator()
	for found.Next(ctx) {
		if err := b.Redis.Unlink(ctx, found.Val()).Err(); err != nil {
			return err
		}
	}
	return found.Err()
}
