package workflows

import (
	"time"

	"github.com/google/uuid"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/activities"
)

// CurateFeedsInput is where a day's round stands.
type CurateFeedsInput struct {
	// Day is the UTC day picks are for; empty: that of the start.
	Day string `json:"day,omitempty"`
	// After is the last user done.
	After uuid.UUID `json:"after"`
	// Failed is how many users had no picks made.
	Failed int `json:"failed,omitempty"`
}

const (
	// curatedAtOnce is how many users' feeds are curated in parallel.
	curatedAtOnce = 4
	// pagesARun is how many pages of users one run takes before it goes on as a new one.
	pagesARun = 10
)

// CurateFeeds makes the day's picks for every active user: by score, and where there is a
// model in the order that it gives them. It goes through users in the order of their ids and
// goes on as new with the last one done; picks that are there are not made again, so a round that is
// started twice, or again after a failure, is done once. It tells how many users failed.
func CurateFeeds(ctx workflow.Context, in CurateFeedsInput) (failed int, err error) {
	if in.Day == "" {
		in.Day = workflow.Now(ctx).UTC().Format(time.DateOnly)
	}
	var c *activities.FeedActivities
	for range pagesARun {
		var users []uuid.UUID
		if err := workflow.ExecuteActivity(quick(ctx), c.ListActive, in.After).Get(ctx, &users); err != nil {
			return in.Failed, err
		}
		if len(users) == 0 {
			return in.Failed, nil
		}
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
			break // cancelled: what runs ends, below
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

// curateOne makes one user's picks. A model that cannot be asked leaves the order of the score.
func curateOne(ctx workflow.Context, in activities.CurateInput) error {
	var c *activities.FeedActivities
	var o *activities.FeedOrderActivities
	ask := false
	if err := workflow.ExecuteActivity(curating(ctx), c.PickForUser, in).Get(ctx, &ask); err != nil || !ask {
		return err
	}
	err := workflow.ExecuteActivity(ordering(ctx), o.OrderPicks, in).Get(ctx, nil)
	if err == nil || temporal.IsCanceledError(err) {
		return err
	}
	return workflow.ExecuteActivity(curating(ctx), c.KeepScoreOrder, in).Get(ctx, nil)
}

// CountTrending counts anew what trends.
func CountTrending(ctx workflow.Context) error {
	var c *activities.FeedActivities
	return workflow.ExecuteActivity(curating(ctx), c.CountTrending).Get(ctx, nil)
}

// CheckContentInput is where a round over all content stands.
type CheckContentInput struct {
	After uuid.UUID `json:"after"`
}

// contentPagesARun is how many pages one run takes before it goes on as a new one, and
// linkRounds how many times it asks for links.
const (
	contentPagesARun = 50
	linkRounds       = 50
)

// CheckContent looks at the quality of everything there is, and at the links that were looked at
// longest ago.
func CheckContent(ctx workflow.Context, in CheckContentInput) error {
	var c *activities.FeedActivities
	page := activities.ContentPage{Last: in.After, More: true}
	for range contentPagesARun {
		if err := workflow.ExecuteActivity(curating(ctx), c.AnalyseContent, page.Last).Get(ctx, &page); err != nil {
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
	for range linkRounds {
		checked := 0
		if err := workflow.ExecuteActivity(packing(ctx), c.CheckLinks).Get(ctx, &checked); err != nil || checked == 0 {
			return err
		}
	}
	return nil
}
