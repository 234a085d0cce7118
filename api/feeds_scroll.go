package api

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/store"
)

// scroll is a ranked feed and the reader's position in it.
type scroll struct {
	id      uuid.UUID
	at      int
	made    time.Time
	ranking feed.Ranking
	pinned  bool // kept already
}

const scrollBytes = 16 + 4

// scroll continues a feed at a position. Without a position, or when the snapshot has expired, it
// ranks a new feed.
func (s *Server) scroll(ctx context.Context, user uuid.UUID, kind feed.Type, place []byte) (*scroll, error) {
	if place != nil {
		if len(place) != scrollBytes {
			return nil, rest.Malformed("The cursor is not one of this list with this filter.")
		}
		stored, err := s.recallScroll(ctx, user, uuid.UUID(place[:16]))
		if err != nil {
			return nil, err
		}
		if stored != nil {
			stored.at = int(binary.BigEndian.Uint32(place[16:]))
			return stored, nil
		}
	}
	now := s.Now()
	ranking, err := feed.RankFeed(ctx, s.DB, user, kind, now)
	return &scroll{id: store.NewID(), made: now, ranking: ranking}, err
}

// snapshotKey names the database, whose row it stands for, and the user, so that erasure of the account finds it.
func (s *Server) snapshotKey(ctx context.Context, user, id uuid.UUID) string {
	return "lyo:feed:" + s.database.Of(ctx) + ":" + user.String() + ":" + id.String()
}

const madeBytes = 8

// pin stores a ranking where every process finds it. Postgres keeps it, and Redis caches it. A ranking
// that is stored already is unchanged.
func (s *Server) pin(ctx context.Context, user uuid.UUID, sc *scroll) error {
	if sc.pinned {
		return nil
	}
	row := feed.Snapshot{ID: sc.id, UserID: user, Entries: sc.ranking.Pack(), MadeAt: sc.made, ExpiresAt: sc.made.Add(feed.SnapshotFor)}
	if err := feed.SaveSnapshot(ctx, s.DB, row); err != nil {
		return err
	}
	s.rememberScroll(ctx, user, row)
	return nil
}

func (s *Server) rememberScroll(ctx context.Context, user uuid.UUID, row feed.Snapshot) {
	left := row.ExpiresAt.Sub(s.Now())
	if left <= 0 {
		return
	}
	value := append(binary.BigEndian.AppendUint64(nil, uint64(row.MadeAt.UnixMicro())), row.Entries...)
	// Without Redis the row is read.
	_ = s.feedCache.Do(ctx, func(ctx context.Context) error {
		return s.feedCache.Client.Set(ctx, s.snapshotKey(ctx, user, row.ID), value, left).Err()
	})
}

// recallScroll returns a stored ranking, or nil when it has expired.
func (s *Server) recallScroll(ctx context.Context, user, id uuid.UUID) (*scroll, error) {
	row, ok := s.cachedSnapshot(ctx, user, id)
	if !ok {
		var err error
		if row, ok, err = feed.FindSnapshot(ctx, s.DB, user, id, s.Now()); err != nil || !ok {
			return nil, err
		}
		s.rememberScroll(ctx, user, row)
	}
	ranking, err := feed.UnpackFeed(row.Entries)
	return &scroll{id: id, made: row.MadeAt, ranking: ranking, pinned: true}, err
}

// cachedSnapshot reads the snapshot from Redis. Expiry follows the service's clock: a snapshot that is
// still in Redis may have expired.
func (s *Server) cachedSnapshot(ctx context.Context, user, id uuid.UUID) (row feed.Snapshot, ok bool) {
	var value []byte
	_ = s.feedCache.Do(ctx, func(ctx context.Context) error {
		got, err := s.feedCache.Client.Get(ctx, s.snapshotKey(ctx, user, id)).Bytes()
		if errors.Is(err, redis.Nil) {
			return nil
		}
		value = got
		return err
	})
	if len(value) < madeBytes {
		return row, false
	}
	row.MadeAt = time.UnixMicro(int64(binary.BigEndian.Uint64(value))).UTC()
	row.Entries = value[madeBytes:]
	return row, s.Now().Before(row.MadeAt.Add(feed.SnapshotFor))
}
