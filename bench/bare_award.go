package main

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/models/store"
)

// leastTables are a ledger and the totals of learners, and nothing else.
const leastTables = `CREATE TABLE ledger (id uuid PRIMARY KEY, user_id uuid NOT NULL, points integer NOT NULL, reason text NOT NULL, at timestamptz NOT NULL);
	CREATE INDEX ledger_user_idx ON ledger (user_id, at);
	CREATE TABLE totals (user_id uuid PRIMARY KEY, points bigint NOT NULL)`

// leastAward is one statement: a row of the ledger and the new total.
const leastAward = `WITH entry AS (INSERT INTO ledger (id, user_id, points, reason, at) VALUES ($1, $2, $3, $4, now()))
	INSERT INTO totals AS t (user_id, points) VALUES ($2, $3) ON CONFLICT (user_id) DO UPDATE SET points = t.points + excluded.points RETURNING points`

// leastAwards starts the least handler of awards, on a database of its own.
func (o options) leastAwards(ctx context.Context) (t *target, stop func(), err error) {
	database, drop, err := emptyDatabase(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if err := administer(ctx, database, leastTables); err != nil {
		drop()
		return nil, nil, err
	}
	if t, err = startBare(ctx, "award", "-database", database, "-redis", o.redis); err != nil {
		drop()
		return nil, nil, err
	}
	return t, func() {
		t.stop()
		drop()
	}, nil
}

// leastLedger answers an award when ledger, total and rank are written.
func leastLedger(ctx context.Context, f bareFlags) (http.Handler, error) {
	pool, ranks, err := bareServers(ctx, f)
	if err != nil {
		return nil, err
	}
	board := "bench:least:" + store.NewID().String()
	router := bareRouter()
	router.POST(awardAddress, func(c *gin.Context) {
		var asked struct {
			UserID uuid.UUID `json:"user_id"`
			Points int64     `json:"points"`
			Reason string    `json:"reason"`
		}
		if err := c.ShouldBindJSON(&asked); err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		var total int64
		ctx := c.Request.Context()
		err := pool.QueryRow(ctx, leastAward, store.NewID(), asked.UserID, asked.Points, asked.Reason).Scan(&total)
		if err == nil {
			err = ranks.ZAdd(ctx, board, redis.Z{Score: float64(total), Member: asked.UserID.String()}).Err()
		}
		if err != nil {
			c.String(http.StatusInternalServerError, "%v", err)
			return
		}
		c.JSON(http.StatusOK, gin.H{"user_id": asked.UserID, "old_points": total - asked.Points, "new_points": total})
	})
	return router, nil
}
