package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// CurateFeedsInput is the state of a day's round.
type CurateFeedsInput struct {
	// Day is the UTC day of the picks; empty means the day of the start.
	Day string `json:"day,omitempty"`
	// After is the last user done.
	After uuid.UUID `json:"after"`
	// Failed is the number of users whose picks failed.
	Failed int `json:"failed,omitempty"`
}

const (
	// curatedAtOnce is how many users' feeds are curated in parallel.
	curatedAtOnce = 4
	// pagesARun is how many pages of users one run processes before it continues as new.
	pagesARun = 10
)

// CurateFeeds makes the day's picks for every active user: by score, or in the model's order
// where there is a model. It takes users in order of id and continues as new after the last
// one done. Existing picks are not made again, so starting or retrying a round is idempotent.
// It returns the number of users that failed.
func CurateFeeds(ctx workflow.Context, in CurateFeedsInput) (failed int, err error) {
	if in.Day == "" {
		in.Day = workflow.Now(ctx).UTC().Format(time.DateOnly)
	}
	var c *activities.FeedActivities
	for range pagesARun {
		var users []uuid.UUID
		if err := workflow.ExecuteActivity(quick(ctx, "Next active users"), c.ListActive, in.After).Get(ctx, &users); err != nil {
			return in.Failed, err
		}
		if len(users) == 0 {
			return in.Failed, nil
		}
		setDetailsf(ctx, "Picks of %s: users after %s, %d failed so far", in.Day, in.After, in.Failed)
		failed, err := curateAll(ctx, in.Day, users)
		if err != nil {
			return in.Failed, err
		}
		in.Failed += failed
		in.After = users[len(users)-1]
	}
	return in.Failed, workflow.NewContinueAsNewError(ctx, CurateFeeds, in)
}

// curateAll makes the picks of a page of users, a few at a time.
func curateAll(ctx workflow.Context, day string, users []uuid.UUID) (failed int, err error) {
	places, all := workflow.NewSemaphore(ctx, curatedAtOnce), workflow.NewWaitGroup(ctx)
	for _, user := range users {
		if err := places.Acquire(ctx, 1); err != nil {
			break // cancelled: running ones end below
		}
		all.Add(1)
		workflow.Go(ctx, func(ctx workflow.Context) {
			defer all.Done()
			defer places.Release(1)
			if curateOne(ctx, activities.CurateInput{UserID: user, Day: day}) != nil {
				failed++
			}
		})
	}
	all.Wait(ctx)
	return failed, ctx.Err()
}

// curateOne makes one user's picks. If the model is unavailable the order by score stays.
func curateOne(ctx workflow.Context, in activities.CurateInput) error {
	var c *activities.FeedActivities
	var o *activities.FeedOrderActivities
	ask := false
	if err := workflow.ExecuteActivity(curating(ctx, "Pick by score"), c.PickForUser, in).Get(ctx, &ask); err != nil || !ask {
		return err
	}
	err := workflow.ExecuteActivity(ordering(ctx, "Order by the model"), o.OrderPicks, in).Get(ctx, nil)
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	return workflow.ExecuteActivity(curating(ctx, "Keep the order by score"), c.KeepScoreOrder, in).Get(ctx, nil)
}

// CountTrending recounts trending content.
func CountTrending(ctx workflow.Context) error {
	var c *activities.FeedActivities
	return workflow.ExecuteActivity(curating(ctx, "Count"), c.CountTrending).Get(ctx, nil)
}

// CheckContentInput is the state of a round over all content.
type CheckContentInput struct {
	After uuid.UUID `json:"after"`
}

// contentPagesARun is how many pages one run processes before it continues as new, and
// linkRounds how many batches of links it checks.
const (
	contentPagesARun = 50
	linkRounds       = 50
)

// CheckContent analyses the quality of all content, and then checks the links that were checked
// longest ago.
func CheckContent(ctx workflow.Context, in CheckContentInput) error {
	var c *activities.FeedActivities
	page := activities.ContentPage{Last: in.After, More: true}
	for n := range contentPagesARun {
		setDetailsf(ctx, "Page %d of the content, after %s", n+1, page.Last)
		if err := workflow.ExecuteActivity(curating(ctx, "Next content"), c.AnalyseContent, page.Last).Get(ctx, &page); err != nil {
			return err
		}
		if !page.More {
			return checkLinks(ctx)
		}
	}
	return workflow.NewContinueAsNewError(ctx, CheckContent, CheckContentInput{After: page.Last})
}

func checkLinks(ctx workflow.Context) error {
	var c *activities.FeedActivities
	for n := range linkRounds {
		setDetailsf(ctx, "Batch %d of the links", n+1)
		checked := 0
		if err := workflow.ExecuteActivity(packing(ctx, "Next links"), c.CheckLinks).Get(ctx, &checked); err != nil || checked == 0 {
			return err
		}
	}
	return nil
}
