package activities

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/ranking"
)

// FeedActivities maintains feeds: trending content, the day's picks, and the state of content.
type FeedActivities struct {
	DB *gorm.DB
	// Asks reports whether there is a model that can order picks.
	Asks bool
	// Web fetches addresses given by sources: package guard's client. Nil: links are not checked.
	Web   *http.Client
	Clock func() time.Time
	Log   *slog.Logger
}

// The notes of a curation on its order, in words for the learner.
const (
	noteAsking  = "The order is by score: the model was not asked yet."
	noteNoModel = "The order is by score: no model is configured."
	noteRefused = "The order is by score: the model's answer could not be used."
	noteAway    = "The order is by score: the model could not be reached."
	noteModel   = "The order is the model's, of what the score had chosen."
)

// CountTrending recounts trending content and deletes expired ranked feeds. Key: the rows are a
// function of the time; running twice writes them twice.
func (c *FeedActivities) CountTrending(ctx context.Context) error {
	now := c.Clock()
	err := feed.CountTrending(ctx, c.DB, now)
	if err == nil {
		err = feed.DropSnapshots(ctx, c.DB, now)
	}
	if err == nil {
		err = feed.DropCurations(ctx, c.DB, now)
	}
	return toApplicationError(err)
}

// activeWithin is how long after a user's last activity their feed is curated.
const activeWithin = 14 * 24 * time.Hour

// usersAPage is the number of users on one page of a day's round.
const usersAPage = 50

// ListActive returns a page of the users whose feeds are curated, after the given one. It
// changes nothing.
func (c *FeedActivities) ListActive(ctx context.Context, after uuid.UUID) ([]uuid.UUID, error) {
	users, err := feed.ActiveUsers(ctx, c.DB, after, c.Clock().Add(-activeWithin), usersAPage)
	return users, toApplicationError(err)
}

// CurateInput identifies a user and the day of the picks.
type CurateInput struct {
	UserID uuid.UUID `json:"user_id"`
	Day    string    `json:"day"`
}

// PickForUser saves the day's picks for a user, in the order of their score, and returns
// whether the model should be asked for another order. Key: user and day; existing picks stay,
// and the model is asked only if it was not before.
func (c *FeedActivities) PickForUser(ctx context.Context, in CurateInput) (ask bool, err error) {
	there, ok, err := feed.FindCuration(ctx, c.DB, in.UserID, in.Day)
	if err != nil || ok {
		return ok && there.Note == noteAsking, toApplicationError(err)
	}
	now := c.Clock()
	ranked, err := feed.Recommend(ctx, c.DB, in.UserID, ranking.Personalized, now)
	if err != nil {
		return false, toApplicationError(err)
	}
	row := feed.Curation{UserID: in.UserID, Day: in.Day, Picks: []feed.Pick{}, OrderedBy: feed.OrderedByScore, Note: noteNoModel, MadeAt: now}
	for _, r := range ranked[:min(len(ranked), llm.MostCurated)] {
		row.Picks = append(row.Picks, feed.Pick{ID: r.ID, Score: r.Score, Reasons: r.Reasons})
	}
	ask = c.Asks && len(row.Picks) > 1
	if ask {
		row.Note = noteAsking
	}
	return ask, toApplicationError(feed.SaveCuration(ctx, c.DB, row))
}

// KeepScoreOrder notes on picks that the model could not be reached. Key: user and day.
func (c *FeedActivities) KeepScoreOrder(ctx context.Context, in CurateInput) error {
	row, ok, err := feed.FindCuration(ctx, c.DB, in.UserID, in.Day)
	if err != nil || !ok || row.Note != noteAsking {
		return toApplicationError(err)
	}
	row.Note = noteAway
	return toApplicationError(feed.SaveCuration(ctx, c.DB, row))
}

// contentAPage is the number of items that one call of AnalyseContent analyses.
const contentAPage = 100

// ContentPage is the state of a round over all content.
type ContentPage struct {
	Last uuid.UUID `json:"last"`
	More bool      `json:"more"`
}

// AnalyseContent analyses a page of items. Key: the item; a repeat finds the same.
func (c *FeedActivities) AnalyseContent(ctx context.Context, after uuid.UUID) (ContentPage, error) {
	last, more, err := feed.AnalyseContent(ctx, c.DB, after, contentAPage, c.Clock())
	return ContentPage{last, more}, toApplicationError(err)
}

// A link is checked once a week, so many in one batch.
const (
	linksEvery  = 7 * 24 * time.Hour
	linksAtOnce = 20
)

// CheckLinks requests the addresses that were checked longest ago, saves their state, and returns
// their number. Key: item and time; running twice requests an address twice.
func (c *FeedActivities) CheckLinks(ctx context.Context) (checked int, err error) {
	if c.Web == nil {
		return 0, nil
	}
	links, err := feed.LinksToCheck(ctx, c.DB, c.Clock().Add(-linksEvery), linksAtOnce)
	if err != nil {
		return 0, toApplicationError(err)
	}
	for i, link := range links {
		heartbeat(ctx, i)
		if err := feed.SaveLink(ctx, c.DB, link.ItemID, c.stateOf(ctx, link.Address), c.Clock()); err != nil {
			return i, toApplicationError(err)
		}
	}
	return len(links), ctx.Err()
}

// stateOf requests an address. Sites that refuse HEAD are requested again with GET.
func (c *FeedActivities) stateOf(ctx context.Context, address string) string {
	for _, method := range []string{http.MethodHead, http.MethodGet} {
		request, err := http.NewRequestWithContext(ctx, method, address, http.NoBody)
		if err != nil {
			return feed.LinkRefused
		}
		answer, err := c.Web.Do(request)
		if fault, ok := errors.AsType[*refusal.Error](err); ok && errors.Is(fault.Kind, guard.ErrRefused) {
			return feed.LinkRefused
		}
		if err != nil {
			return feed.LinkBroken
		}
		_ = answer.Body.Close()
		switch {
		case answer.StatusCode < http.StatusBadRequest, answer.StatusCode == http.StatusUnauthorized, answer.StatusCode == http.StatusTooManyRequests:
			return feed.LinkOK // it exists, if not for every client at any time
		case method == http.MethodGet:
			return feed.LinkBroken
		}
	}
	return feed.LinkBroken
}

// FeedOrderActivities has the model order a day's picks.
type FeedOrderActivities struct {
	DB *gorm.DB
	// Model is nil when none is configured.
	Model Writer
	Clock func() time.Time
	Log   *slog.Logger

	turns turns
}

// OrderPicks asks the model for the order of a user's picks and saves it with the model's
// words and, separately, its opinion of each item. The model can only reorder what it is given:
// an answer that invents, drops or repeats any is not used, and the picks say so. Key: user and
// day; the model is asked once about the same picks.
func (o *FeedOrderActivities) OrderPicks(ctx context.Context, in CurateInput) error {
	row, ok, err := feed.FindCuration(ctx, o.DB, in.UserID, in.Day)
	if err != nil || !ok || row.Note != noteAsking || o.Model == nil {
		return toApplicationError(err)
	}
	ranked := make(feed.Ranking, len(row.Picks))
	for i, p := range row.Picks {
		ranked[i] = ranking.Ranked{ID: p.ID, Score: p.Score, Reasons: p.Reasons}
	}
	shown, err := feed.ShowFeed(ctx, o.DB, in.UserID, ranked)
	if err != nil {
		return toApplicationError(err)
	}
	order, err := o.ask(ctx, in.UserID, shown)
	row.MadeAt = o.Clock()
	if llm.KindOf(err) == llm.BadAnswer {
		o.Log.WarnContext(ctx, "the model's order of picks was refused", "error", err)
		row.Note = noteRefused
		return toApplicationError(feed.SaveCuration(ctx, o.DB, row))
	}
	if err != nil {
		return err
	}
	if err := o.reorder(ctx, &row, shown, order); err != nil {
		return toApplicationError(err)
	}
	return toApplicationError(feed.SaveCuration(ctx, o.DB, row))
}

// ask does not have a bad answer retried: a learner's order of a day is not worth it.
func (o *FeedOrderActivities) ask(ctx context.Context, user uuid.UUID, shown []feed.View) (order []llm.Curated, err error) {
	learner, err := accounts.FindUser(ctx, o.DB, user)
	if err != nil {
		return nil, toApplicationError(err)
	}
	profile, err := feed.FindProfile(ctx, o.DB, user, o.Clock())
	if err != nil {
		return nil, toApplicationError(err)
	}
	request := llm.CurateRequest{Brief: llm.Brief{Interests: profile.Interests, Level: profile.Level, Locale: learner.Locale}}
	for _, f := range shown {
		request.Items = append(request.Items, llm.CurateItem{Title: f.Title, Description: f.Description, Kind: f.ContentType, Level: f.DifficultyLevel})
	}
	var usage llm.Usage
	var refused error
	err = infer(ctx, &o.turns, func(ctx context.Context, heartbeat llm.Heartbeat) (err error) {
		order, usage, err = o.Model.Curate(ctx, request, &llm.Session{Heartbeat: heartbeat})
		if llm.KindOf(err) == llm.BadAnswer {
			refused = err
		}
		return err
	})
	// The learner did not request it, so no user is charged; the log has the cost.
	o.Log.InfoContext(ctx, "picks were put before the model", "calls", usage.Calls, "input_tokens", usage.InputTokens, "output_tokens", usage.OutputTokens, "seconds", usage.Seconds)
	if refused != nil {
		return nil, refused
	}
	return order, err
}

// reorder applies the model's order, if it is a permutation of the picks.
func (o *FeedOrderActivities) reorder(ctx context.Context, row *feed.Curation, shown []feed.View, order []llm.Curated) error {
	given, answer := make([]uuid.UUID, len(shown)), []uuid.UUID{}
	for i, f := range shown {
		given[i] = f.ID
	}
	for _, one := range order {
		if one.Index >= 0 && one.Index < len(given) {
			answer = append(answer, given[one.Index])
		} else {
			answer = append(answer, uuid.Nil)
		}
	}
	if fault := ranking.CheckOrder(given, answer); fault != "" {
		o.Log.WarnContext(ctx, "the model's order of picks is not one of what it was given", "fault", fault)
		row.Note = noteRefused
		return nil
	}
	picks := make([]feed.Pick, len(order))
	for i, one := range order {
		f := shown[one.Index]
		picks[i] = feed.Pick{ID: f.ID, Score: f.Score, Reasons: append([]string{one.Why}, slices.Clone(f.Reasons)...)}
		if err := feed.SaveOpinion(ctx, o.DB, f.ID, float64(one.Worth)/10); err != nil {
			return err
		}
	}
	row.Picks, row.OrderedBy, row.Note = picks, feed.OrderedByModel, noteModel
	return nil
}
