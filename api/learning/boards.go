package learning

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/boards"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// newBoards returns the leaderboards, which are rebuilt by a workflow when Redis has lost them.
func newBoards(h *handlers) *boards.Boards {
	asked := &askedFor{}
	return &boards.Boards{
		DB: h.DB, Redis: h.Redis.Client, Clock: h.Redis.Clock, Log: h.Redis.Log, Within: h.Redis.Do,
		Rebuild: func(ctx context.Context, stamp uuid.UUID) error {
			if !asked.first(stamp, h.Now()) {
				return nil
			}
			return store.Enqueue(ctx, h.DB, outbox.RebuildBoards(stamp, h.Now()))
		},
	}
}

// askAgain is the minimum interval between a process's requests to rebuild the same boards.
const askAgain = 10 * time.Second

// askedFor keeps concurrent readers from requesting the same boards twice.
type askedFor struct {
	mu    sync.Mutex
	stamp uuid.UUID
	at    time.Time
}

func (a *askedFor) first(stamp uuid.UUID, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stamp == stamp && now.Sub(a.at).Abs() < askAgain { // by a clock that may have stepped back
		return false
	}
	a.stamp, a.at = stamp, now
	return true
}

type leaderboardInput struct {
	Type      string `query:"leaderboard_type" set:"board" default:"points"`
	Timeframe string `query:"timeframe" enum:"all_time,monthly,weekly" default:"all_time" doc:"This month's or this week's, in UTC; weeks begin on Monday."`
	Limit     int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Offset    int64  `query:"offset" minimum:"0" maximum:"10000000" doc:"Entries to skip; ignored with around_me"`
	AroundMe  bool   `query:"around_me" doc:"The entries around the caller's own, if the caller is on the board."`
}

// board returns the requested leaderboard.
func (in *leaderboardInput) board(now time.Time) learning.Board {
	period := map[string]string{"monthly": learning.MonthPeriod(now), "weekly": learning.WeekPeriod(now)}[in.Timeframe]
	return learning.Board{Kind: learning.BoardKind(in.Type), Period: cmp.Or(period, learning.AllTime)}
}

type leaderboardView struct {
	LeaderboardType   string                 `json:"leaderboard_type" set:"board"`
	Timeframe         string                 `json:"timeframe" enum:"all_time,monthly,weekly"`
	Entries           rest.JSON[[]entryView] `json:"entries" nullable:"false"`
	CurrentUserRank   *int64                 `json:"current_user_rank" nullable:"true" doc:"The caller's rank, on any page; null when the caller is not on the board."`
	TotalParticipants int64                  `json:"total_participants"`
}

type entryView struct {
	UserID            uuid.UUID `json:"user_id" format:"uuid"`
	Username          string    `json:"username" doc:"The full name if the user has no username."`
	AvatarURL         *string   `json:"avatar_url" nullable:"true"`
	Points            int64     `json:"points"`
	Level             int       `json:"level"`
	Rank              int64     `json:"rank" minimum:"1"`
	AchievementsCount int       `json:"achievements_count"`
}

type leaderboardOutput struct{ Body leaderboardView }

func (h *handlers) leaderboard(ctx context.Context, in *leaderboardInput) (*leaderboardOutput, error) {
	q := boards.Query{Board: in.board(h.Now()), Viewer: rest.PrincipalOf(ctx).UserID, Skip: in.Offset, Limit: in.Limit, Around: in.AroundMe}
	known := h.encoded.latest(q)
	var versions []uint32
	if known != nil {
		q.Along = func(batch *pgx.Batch) { learning.QueueVersions(batch, q.Viewer, known.users, &versions) }
	}
	page, err := h.boards.Read(ctx, q)
	if err != nil {
		return nil, err
	}
	entries, same := known.entriesOf(page, versions)
	if !same {
		if entries, err = h.entries(ctx, q, page); err != nil {
			return nil, err
		}
	}
	return &leaderboardOutput{leaderboardView{
		LeaderboardType: in.Type, Timeframe: in.Timeframe, Entries: entries, CurrentUserRank: rankOrNull(page.Rank), TotalParticipants: page.Size,
	}}, nil
}

// entries returns the entries of a page that the caller may see, and remembers their bytes if those are all.
func (h *handlers) entries(ctx context.Context, q boards.Query, page boards.Page) (rest.JSON[[]entryView], error) {
	users := make([]uuid.UUID, len(page.Places))
	for i, p := range page.Places {
		users[i] = p.UserID
	}
	faces, err := learning.UserSummaries(ctx, h.DB, q.Viewer, users)
	if err != nil {
		return nil, err
	}
	entries, versions := make([]entryView, 0, len(users)), make([]uint32, 0, len(users))
	for _, p := range page.Places {
		if face, seen := faces[p.UserID]; seen { // else their place stays empty, since ranks are everybody's
			entries = append(entries, entryView{p.UserID, face.Username, face.AvatarURL, p.Points, p.Level, p.Rank, p.Achievements})
			versions = append(versions, face.Version)
		}
	}
	bytes := rest.Encode(entries)
	if page.Number != 0 && len(entries) == len(users) {
		h.encoded.remember(q, encodedPage{page.Number, store.IDList(users).Literal(), versions, bytes})
	}
	return bytes, nil
}

// rankOrNull returns nil for a user who is not on the board.
func rankOrNull(rank int64) *int64 {
	if rank == 0 {
		return nil
	}
	return &rank
}

// rank returns a user's rank on the board of all points.
func (h *handlers) rank(ctx context.Context, user uuid.UUID) (*int64, error) {
	page, err := h.boards.Read(ctx, boards.Query{
		Board: learning.Board{Kind: learning.BoardPoints, Period: learning.AllTime}, Viewer: user, Limit: 1,
	})
	return rankOrNull(page.Rank), err
}

// badges returns the unlocked achievements, the latest first.
func badges(all []learning.Achievement, unlocked map[string]time.Time) []badgeView {
	views := []badgeView{}
	for _, a := range all {
		if at, has := unlocked[a.ID]; has {
			views = append(views, badgeView{a.ID, a.Name, a.Description, a.IconURL, at.UTC()})
		}
	}
	slices.SortStableFunc(views, func(a, b badgeView) int { return b.EarnedAt.Compare(a.EarnedAt) })
	return views
}
