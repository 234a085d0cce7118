package main

import (
	"context"
	"encoding/binary"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// barePlaces is a range of a board as in Lyo's API.
type barePlaces struct {
	LeaderboardType   string      `json:"leaderboard_type"`
	Timeframe         string      `json:"timeframe"`
	Entries           []barePlace `json:"entries"`
	CurrentUserRank   int64       `json:"current_user_rank"`
	TotalParticipants int64       `json:"total_participants"`
}

type barePlace struct {
	UserID            uuid.UUID `json:"user_id"`
	Username          string    `json:"username"`
	AvatarURL         *string   `json:"avatar_url"`
	Points            int64     `json:"points"`
	Level             int       `json:"level"`
	Rank              int64     `json:"rank"`
	AchievementsCount int       `json:"achievements_count"`
}

// boardOnly serves ranges of the board of all points.
type boardOnly struct {
	pool    *pgxpool.Pool
	redis   *redis.Client
	key     string
	viewers []string // their members in the sorted set
}

// bareServers connects to Postgres and Redis until ctx ends.
func bareServers(ctx context.Context, f bareFlags) (*pgxpool.Pool, *redis.Client, error) {
	address, err := redis.ParseURL(f.redis)
	if err != nil {
		return nil, nil, err
	}
	pool, err := poolUntil(ctx, f.database)
	if err != nil {
		return nil, nil, err
	}
	keys := redis.NewClient(address)
	context.AfterFunc(ctx, func() { _ = keys.Close() })
	return pool, keys, nil
}

func bareBoard(ctx context.Context, f bareFlags) (http.Handler, error) {
	pool, keys, err := bareServers(ctx, f)
	if err != nil {
		return nil, err
	}
	b := &boardOnly{pool: pool, redis: keys}
	if err := b.find(ctx); err != nil {
		return nil, err
	}
	router := bareRouter()
	router.GET("/v1/gamification/leaderboard", func(c *gin.Context) {
		places, err := b.places(c.Request.Context(), c.Query("viewer"), c.Query("around_me") != "")
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.JSON(http.StatusOK, places)
	})
	return router, nil
}

// find looks up the board and its viewers, the learners from 1 on.
func (b *boardOnly) find(ctx context.Context) error {
	var generation uuid.UUID
	if err := b.pool.QueryRow(ctx, "SELECT generation FROM board_state").Scan(&generation); err != nil {
		return err
	}
	b.key = pointsKey(generation)
	for n := range boardAsks {
		var user uuid.UUID
		var at time.Time
		err := b.pool.QueryRow(ctx, "SELECT u.id, t.updated_at FROM users u JOIN totals t ON t.user_id = u.id WHERE lower(u.email) = $1", emailOf(n+1)).Scan(&user, &at)
		if err != nil {
			return err
		}
		member := binary.BigEndian.AppendUint64(nil, ^(uint64(at.UnixMicro()) ^ 1<<63))
		for _, one := range user {
			member = append(member, ^one)
		}
		b.viewers = append(b.viewers, string(member))
	}
	return nil
}

// places reads fifty entries and the viewer's from Redis, and the names from Postgres.
func (b *boardOnly) places(ctx context.Context, viewer string, around bool) (v barePlaces, err error) {
	n, err := strconv.Atoi(viewer)
	if err != nil || n < 0 {
		return v, strconv.ErrRange
	}
	rank, first, members, err := b.stretch(ctx, b.viewers[n%len(b.viewers)], around)
	if err != nil {
		return v, err
	}
	v = barePlaces{LeaderboardType: "points", Timeframe: "all_time", Entries: make([]barePlace, len(members)), CurrentUserRank: rank + 1, TotalParticipants: boardUsers}
	for i, m := range members {
		v.Entries[i] = placeOf(m, first+int64(i)+1)
	}
	return v, b.name(ctx, v.Entries)
}

// stretch returns the viewer's rank and fifty entries. For the top it is one round trip;
// around the viewer the rank has to be known first.
func (b *boardOnly) stretch(ctx context.Context, viewer string, around bool) (rank, first int64, members []redis.Z, err error) {
	if around {
		if rank, err = b.redis.ZRevRank(ctx, b.key, viewer).Result(); err != nil {
			return rank, first, nil, err
		}
		first = max(0, rank-boardPlaces/2)
		members, err = b.redis.ZRevRangeWithScores(ctx, b.key, first, first+boardPlaces-1).Result()
		return rank, first, members, err
	}
	pipe := b.redis.Pipeline()
	ranked, top := pipe.ZRevRank(ctx, b.key, viewer), pipe.ZRevRangeWithScores(ctx, b.key, 0, boardPlaces-1)
	_, err = pipe.Exec(ctx)
	return ranked.Val(), first, top.Val(), err
}

func placeOf(m redis.Z, rank int64) (p barePlace) {
	text, _ := m.Member.(string)
	for i := range p.UserID {
		p.UserID[i] = ^text[8+i]
	}
	p.Points, p.Level, p.Rank = int64(m.Score), 1+int(m.Score)/1000, rank
	return p
}

// name adds names and pictures.
func (b *boardOnly) name(ctx context.Context, places []barePlace) error {
	ids, index := make([]uuid.UUID, len(places)), make(map[uuid.UUID]int, len(places))
	for i, p := range places {
		ids[i], index[p.UserID] = p.UserID, i
	}
	rows, err := b.pool.Query(ctx, "SELECT id, coalesce(username, full_name), avatar_url FROM users WHERE id = ANY($1)", ids)
	if err != nil {
		return err
	}
	var id uuid.UUID
	var name string
	var avatar *string
	_, err = pgx.ForEachRow(rows, []any{&id, &name, &avatar}, func() error {
		places[index[id]].Username, places[index[id]].AvatarURL = name, avatar
		return nil
	})
	return err
}
