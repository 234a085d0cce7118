package learning

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// reviews registers the routes of spaced repetition.
func (h *handlers) reviews() {
	tags := []string{TagLearning}
	rest.Register(h.API, huma.Operation{
		OperationID: "list-due-cards", Method: http.MethodGet, Path: "/v1/reviews/due", Tags: tags,
		Summary:     "List cards due for review",
		Description: "The longest overdue first. Completing a lesson turns its key terms into cards; answered quiz questions become cards too.",
	}, h.dueCards)
	rest.Register(h.API, huma.Operation{
		OperationID: "get-review-stats", Method: http.MethodGet, Path: "/v1/reviews/stats", Tags: tags,
		Summary: "Get statistics of your review cards",
	}, h.reviewStats)
	rest.Register(h.API, huma.Operation{
		OperationID: "review-card", Method: http.MethodPost, Path: "/v1/reviews/{card_id}", Tags: tags,
		Summary:     "Review a card",
		Description: "Records how well the card was remembered and schedules it again for when it is about to be forgotten, in days of the user's time zone.",
	}, h.reviewCard)
}

type cardView struct {
	ID            uuid.UUID  `json:"id" format:"uuid"`
	CourseID      uuid.UUID  `json:"course_id" format:"uuid"`
	LessonID      uuid.UUID  `json:"lesson_id" format:"uuid"`
	Kind          string     `json:"kind" set:"card_kind"`
	Front         string     `json:"front"`
	Back          string     `json:"back"`
	State         string     `json:"state" set:"card_state"`
	DueAt         time.Time  `json:"due_at"`
	ScheduledDays int        `json:"scheduled_days"`
	Reps          int        `json:"reps"`
	Lapses        int        `json:"lapses"`
	ReviewedAt    *time.Time `json:"last_reviewed_at" nullable:"true"`
}

func viewCard(c learning.ReviewCard) cardView {
	return cardView{
		c.ID, c.CourseID, c.LessonID, string(c.Kind), c.Front, c.Back, c.State, c.DueAt.UTC(), c.ScheduledDays, c.Reps, c.Lapses, rest.UTC(c.ReviewedAt),
	}
}

type dueCardsInput struct {
	Cursor string `query:"cursor" most:"512" doc:"Cursor from the Link header of the previous page"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

func (h *handlers) dueCards(ctx context.Context, in *dueCardsInput) (*rest.Page[cardView], error) {
	user := rest.PrincipalOf(ctx).UserID
	return rest.List[learning.ReviewCard, cardView]{
		Name: "cards", Filter: user, Cursor: in.Cursor, Limit: in.Limit,
		Rows: func(after *store.Keyset, limit int) ([]learning.ReviewCard, error) {
			return learning.DueCards(ctx, h.DB, user, h.Now(), after, limit)
		},
		Keyset: func(c learning.ReviewCard) store.Keyset { return store.Keyset{At: c.DueAt, ID: c.ID} },
		Show:   viewCard,
	}.Page(ctx, h.API)
}

type reviewCardInput struct {
	CardID uuid.UUID `path:"card_id" format:"uuid"`
	Keyed
	Body reviewBody
}

type reviewBody struct {
	Rating string `json:"rating" set:"recall"`
	Happened
}

type cardOutput struct{ Body cardView }

func (h *handlers) reviewCard(ctx context.Context, in *reviewCardInput) (*cardOutput, error) {
	card, err := learning.ReviewCardOnce(ctx, h.DB, learning.Review{
		UserID: rest.PrincipalOf(ctx).UserID, CardID: in.CardID, Recall: gamification.Recall(in.Body.Rating), At: in.Body.at(h.Now()),
		Key: in.key("review", in.CardID, in.Body.Rating, in.Body.stripped()),
	}, h.Now(), outbox.NewEnqueuer(h.Now))
	if err != nil {
		return nil, err
	}
	return &cardOutput{viewCard(card)}, nil
}

type reviewStatsView struct {
	TotalCards    int64      `json:"total_cards"`
	DueNow        int64      `json:"due_now"`
	DueToday      int64      `json:"due_today" doc:"Due by the end of the day in the user's time zone, including those due now."`
	NewCards      int64      `json:"new_cards"`
	LearningCards int64      `json:"learning_cards"`
	MatureCards   int64      `json:"mature_cards" doc:"Cards scheduled in days."`
	ReviewedToday int64      `json:"reviewed_today"`
	TotalReviews  int64      `json:"total_reviews"`
	RetentionRate *float64   `json:"retention_rate" nullable:"true" doc:"The share of mature cards remembered in the last thirty days; null without any."`
	NextDueAt     *time.Time `json:"next_due_at" nullable:"true" doc:"When the next card becomes due."`
	CurrentStreak int        `json:"current_streak"`
}

type reviewStatsOutput struct{ Body reviewStatsView }

func (h *handlers) reviewStats(ctx context.Context, _ *rest.NoInput) (*reviewStatsOutput, error) {
	user, err := accounts.FindUser(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	zone := accounts.ZoneOf(user.Timezone)
	today := gamification.DayOf(h.Now(), zone)
	sum, err := learning.ReviewStatsOf(ctx, h.DB, user.ID, h.Now(), today.Begins(zone), (today + 1).Begins(zone))
	if err != nil {
		return nil, err
	}
	streak, err := learning.StreakOf(ctx, h.DB, user.ID, h.Now())
	v := reviewStatsView{
		TotalCards: sum.Total, DueNow: sum.Due, DueToday: sum.DueToday, NewCards: sum.New, LearningCards: sum.Learning, MatureCards: sum.Mature,
		ReviewedToday: sum.ReviewedToday, TotalReviews: sum.Reviewed, NextDueAt: rest.UTC(sum.NextDueAt), CurrentStreak: streak.Current,
	}
	if sum.Lately > 0 {
		rate := float64(sum.Remembered) / float64(sum.Lately)
		v.RetentionRate = &rate
	}
	return &reviewStatsOutput{v}, err
}
