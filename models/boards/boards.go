package boards

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/learning"
)

// Boards are the leaderboards. Any number of processes may read and apply changes.
type Boards struct {
	DB    *gorm.DB
	Redis redis.UniversalClient // nil: there is none, and Postgres answers
	Clock func() time.Time
	Log   *slog.Logger
	// Within bounds a call to Redis on behalf of a reader, and decides whether to try;
	// nil: no bound but the context's.
	Within func(ctx context.Context, exchange func(context.Context) error) error
	// Rebuild requests that the boards of a stamp are built again, asynchronously; nil: they
	// are not. Requests for the same stamp are one.
	Rebuild func(ctx context.Context, stamp uuid.UUID) error

	mu      sync.Mutex
	next    *batch     // that readers still may share
	leading sync.Mutex // of the batch that is being written

	known knownPages
}

// Query selects a range of a board.
type Query struct {
	learning.Board
	Viewer uuid.UUID // whose rank is returned too
	Skip   int64     // ranks to skip
	Limit  int
	Around bool // with the viewer in the middle, as far as the board goes; Skip is ignored then
	// Along queues statements that are sent to Postgres along with the first of this query; nil: none. They may not be sent.
	Along func(*pgx.Batch)
}

// Page is a range of a board.
type Page struct {
	Places []learning.LeaderboardEntry // not to be changed: other readers have them too
	Size   int64                       // of the whole board
	Rank   int64                       // of the viewer; 0: not on it
	Number int64                       // of the places in this process, which no others have; 0: of none that are shared
}

// periods returns the periods that can be queried at a time.
func periods(now time.Time) []string {
	return append([]string{learning.AllTime}, learning.PeriodsOf(now)...)
}

// errUnbelieved reports that Redis does not have what Postgres expects.
var errUnbelieved = errors.New("the boards in redis are not to be believed")

// errBusy reports that another process writes changes to Redis.
var errBusy = errors.New("changes to boards are on their way")

// Read returns a range of a board as it is now, or where more changes wait than can be written to Redis within
// catchUpFor, as it was a moment ago. It never fails because of Redis.
func (b *Boards) Read(ctx context.Context, q Query) (Page, error) {
	if b.Redis == nil {
		return b.fromRows(ctx, q)
	}
	page, err := b.fromRedis(ctx, q)
	if err == nil {
		return page, nil
	}
	if ctx.Err() != nil {
		return Page{}, ctx.Err()
	}
	return b.fromRows(ctx, q)
}

// readTries bounds how often a reader begins anew because the boards were changed meanwhile.
const readTries = 4

// fromRedis answers from Redis if it has what Postgres expects.
func (b *Boards) fromRedis(ctx context.Context, q Query) (Page, error) {
	now, err := learning.BoardsNow(ctx, b.DB, q.Along)
	if err != nil {
		return Page{}, err
	}
	for range readTries {
		if now.Stamp == nil || now.Generation == nil {
			return Page{}, b.ask(ctx, uuid.Nil)
		}
		if now.Waiting {
			after, err := b.catchUp(ctx)
			switch {
			case errors.Is(err, errUnbelieved):
				return Page{}, b.doubt(ctx, *now.Stamp)
			case err == nil:
				now = after
			case !errors.Is(err, errBusy):
				return Page{}, err
			}
		}
		page, err := b.ranked(ctx, q, now)
		if !errors.Is(err, errUnbelieved) {
			return page, err
		}
		// Who has changed them since may not have committed yet: the next batch comes after that.
		after, err := b.catchUp(ctx)
		if errors.Is(err, errBusy) {
			after, err = learning.BoardsNow(ctx, b.DB)
		} else if err == nil && after.Stamp != nil && *after.Stamp == *now.Stamp {
			err = errUnbelieved
		}
		if errors.Is(err, errUnbelieved) {
			return Page{}, b.doubt(ctx, *now.Stamp)
		}
		if err != nil {
			return Page{}, err
		}
		now = after
	}
	return Page{}, errBusy
}

// doubt requests a rebuild if Postgres still expects that stamp; otherwise another
// process has rebuilt. It returns errUnbelieved.
func (b *Boards) doubt(ctx context.Context, stamp uuid.UUID) error {
	now, err := learning.BoardsNow(ctx, b.DB)
	if err != nil || now.Stamp == nil || *now.Stamp != stamp {
		return errors.Join(errUnbelieved, err)
	}
	return b.ask(ctx, stamp)
}

// ask requests a rebuild of the boards and returns errUnbelieved.
func (b *Boards) ask(ctx context.Context, stamp uuid.UUID) error {
	if b.Rebuild == nil {
		return errUnbelieved
	}
	if err := b.Rebuild(ctx, stamp); err != nil {
		b.Log.WarnContext(ctx, "boards could not be asked for", "error", err)
	}
	return errUnbelieved
}

// exchange runs one call to Redis. errUnbelieved does not count as a failure of Redis.
func (b *Boards) exchange(ctx context.Context, exchange func(context.Context) error) error {
	if b.Within == nil {
		return exchange(ctx)
	}
	var unbelieved error
	err := b.Within(ctx, func(ctx context.Context) error {
		err := exchange(ctx)
		if errors.Is(err, errUnbelieved) {
			unbelieved, err = err, nil
		}
		return err
	})
	if err == nil {
		err = unbelieved
	}
	return err
}

// fromRows answers from Postgres.
func (b *Boards) fromRows(ctx context.Context, q Query) (page Page, err error) {
	err = b.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// All three are of one moment.
		if err := tx.Exec("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").Error; err != nil {
			return err
		}
		if page.Size, err = learning.BoardSize(ctx, tx, q.Board); err != nil {
			return err
		}
		if page.Rank, err = learning.BoardRank(ctx, tx, q.Board, q.Viewer); err != nil {
			return err
		}
		page.Places, err = learning.BoardPage(ctx, tx, q.Board, q.first(page.Rank, page.Size), q.Limit)
		return err
	})
	return page, err
}

// first returns the number of ranks before the range.
func (q Query) first(rank, size int64) int64 {
	if !q.Around || rank == 0 {
		return q.Skip
	}
	return max(0, min(rank-1-int64(q.Limit)/2, size-int64(q.Limit)))
}
