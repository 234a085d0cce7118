package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/redis/go-redis/v9"
)

// tables are those of bench's least handler, so that only the queue differs.
const tables = `CREATE TABLE ledger (id uuid PRIMARY KEY, user_id uuid NOT NULL, points integer NOT NULL, reason text NOT NULL, at timestamptz NOT NULL);
	CREATE INDEX ledger_user_idx ON ledger (user_id, at);
	CREATE TABLE totals (user_id uuid PRIMARY KEY, points bigint NOT NULL)`

const writeAward = `WITH entry AS (INSERT INTO ledger (id, user_id, points, reason, at) VALUES ($1, $2, $3, $4, now()))
	INSERT INTO totals AS t (user_id, points) VALUES ($2, $3) ON CONFLICT (user_id) DO UPDATE SET points = t.points + excluded.points RETURNING points`

// award is the body of a request.
type award struct {
	UserID uuid.UUID `json:"user_id"`
	Points int64     `json:"points"`
	Reason string    `json:"reason"`
}

// rank is a job: it brings a learner's rank to a board in Redis.
type rank struct {
	UserID uuid.UUID `json:"user_id"`
}

// Kind names the job for River.
func (rank) Kind() string { return "rank" }

// servers are what both queues stand on.
type servers struct {
	pool  *pgxpool.Pool
	redis *redis.Client
	board string
}

// queue is a queue behind the handler.
type queue struct {
	// award writes ledger and total, and asks for the rank, as this queue does it best.
	award func(ctx context.Context, a award) (total int64, err error)
	// left counts the jobs that are not done.
	left func(ctx context.Context) (int, error)
	// stop ends the workers, while what they stand on is still there.
	stop func()
}

// serveAwards answers awards, and how many jobs are left, until ctx ends.
func (s settings) serveAwards(ctx context.Context, start func(context.Context, servers) (queue, error)) error {
	at, err := redis.ParseURL(s.redis)
	if err != nil {
		return err
	}
	on := servers{redis: redis.NewClient(at), board: "bench:" + s.name + ":" + uuid.NewString()}
	defer on.redis.Close()
	if on.pool, err = pgxpool.New(ctx, s.database); err != nil {
		return err
	}
	defer on.pool.Close()
	if _, err := on.pool.Exec(ctx, tables); err != nil {
		return err
	}
	q, err := start(ctx, on)
	if err != nil {
		return err
	}
	defer q.stop()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/health/live", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	mux.HandleFunc("GET /left", func(w http.ResponseWriter, r *http.Request) {
		n, err := q.left(r.Context())
		respond(w, n, err)
	})
	mux.HandleFunc("POST /v1/gamification/award-points", func(w http.ResponseWriter, r *http.Request) {
		var a award
		if err := json.NewDecoder(r.Body).Decode(&a); err != nil {
			respond(w, nil, err)
			return
		}
		total, err := q.award(r.Context(), a)
		respond(w, map[string]any{"user_id": a.UserID, "old_points": total - a.Points, "new_points": total}, err)
	})
	return s.serve(ctx, mux)
}

func respond(w http.ResponseWriter, v any, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) //nolint:errchkjson // the client may be gone
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// write writes ledger and total.
func write(ctx context.Context, to querier, a award) (total int64, err error) {
	return total, to.QueryRow(ctx, writeAward, uuid.New(), a.UserID, a.Points, a.Reason).Scan(&total)
}

// bring brings a rank to the board.
func (s servers) bring(ctx context.Context, r rank) error {
	var total int64
	if err := s.pool.QueryRow(ctx, "SELECT points FROM totals WHERE user_id = $1", r.UserID).Scan(&total); err != nil {
		return fmt.Errorf("read the total: %w", err)
	}
	return s.redis.ZAdd(ctx, s.board, redis.Z{Score: float64(total), Member: r.UserID.String()}).Err()
}
